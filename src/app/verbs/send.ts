import type { RegisterVerb } from './verb.ts';

/** `send`: files to a destination, by hand. */
export const registerSend: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('send')
    .description('send DICOM files to a destination of pacs.yaml as they are')
    .argument('<files...>', 'DICOM Part 10 files')
    .requiredOption('--to <peer>', 'name of the destination in pacs.yaml')
    .option('--json', 'machine-readable')
    .action(async (files: string[], options: { to: string; json?: true }) => {
      const { sendByHand } = await import('../send-verb.ts');
      exit(
        await sendByHand(configFolder(), files, options.to, {
          format: options.json ? 'json' : 'text',
          print: (text) => process.stdout.write(text),
        }),
      );
    });
};
