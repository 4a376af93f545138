import type { RegisterVerb } from './verb.ts';

/** `doctor`: everything that keeps a node from working, looked at in one go. */
export const registerDoctor: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('doctor')
    .description(
      'look at configuration, disk, port, model, every PACS, certificates, queue, database and backups; changes nothing, its call to the node itself stands in the audit trail',
    )
    .option('--json', 'machine-readable')
    .option('--bundle <out.tar.gz>', 'also write what somebody who helps needs, without patients and secrets')
    .option('--log <file>', 'a log of the node whose last lines go into the bundle')
    .action(async ({ json, bundle, log }: { json?: true; bundle?: string; log?: string }) => {
      const { doctorVerb } = await import('../doctor/doctor-verb.ts');
      exit(
        await doctorVerb(
          configFolder(),
          { format: json ? 'json' : 'text', bundle, log },
          {
            answer: (text) => void process.stdout.write(text),
            notice: (text) => void process.stderr.write(text),
          },
        ),
      );
    });
};
