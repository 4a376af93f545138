import type { RegisterVerb } from './verb.ts';

/** `send-test`: a fictional study to a real PACS. */
export const registerSendTest: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('send-test')
    .description(
      'send a simulated image of TEST^PATIENT and its results to a destination, and say what to delete there',
    )
    .requiredOption('--to <peer>', 'name of the destination in pacs.yaml')
    .option('--results-only', 'without the image, for an archive that takes no images from this node')
    .option('--json', 'machine-readable')
    .action(async (options: { to: string; resultsOnly?: true; json?: true }) => {
      const { sendTest } = await import('../send-test-verb.ts');
      const content = options.resultsOnly ? 'results-only' : 'with-image';
      exit(
        await sendTest(configFolder(), options.to, content, {
          format: options.json ? 'json' : 'text',
          print: (text) => process.stdout.write(text),
        }),
      );
    });
};
