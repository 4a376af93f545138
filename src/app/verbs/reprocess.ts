import type { RegisterVerb } from './verb.ts';

interface ReprocessOptions {
  readonly dryRun?: true;
  readonly yes?: true;
  readonly compare?: string;
  readonly json?: true;
}

/** `reprocess`: images again, by the model that runs now; or compared with another model, sending nothing. */
export const registerReprocess: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('reprocess')
    .description('have images analysed again, or compare another model on them without sending anything')
    .argument('<what>', 'accession number, study or SOP Instance UID, DICOM file, or "last"')
    .option('--dry-run', 'say what would happen; changes nothing')
    .option('-y, --yes', 'do not ask')
    .option('--compare <model>', 'only show what this model package says beside what was said; sends nothing')
    .option('--json', 'machine-readable, with --compare')
    .action(async (what: string, options: ReprocessOptions) => {
      if (options.compare !== undefined) {
        const { compareModel } = await import('../compare-model.ts');
        const format = options.json ? 'json' : 'text';
        const { exitCode, text } = await compareModel(configFolder(), what, options.compare, format);
        process.stdout.write(text);
        exit(exitCode);
        return;
      }
      const { reprocess } = await import('../reprocess-verb.ts');
      const { confirmed } = await import('../confirm.ts');
      const { exitCode, text } = await reprocess(configFolder(), what, {
        mode: options.dryRun ? 'dry-run' : 'act',
        agree: async (announced) => {
          process.stdout.write(`${announced}\n`);
          return options.yes ?? (await confirmed('Go on?'));
        },
      });
      process.stdout.write(text);
      exit(exitCode);
    });
};
