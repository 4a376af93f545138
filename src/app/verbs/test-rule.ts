import type { RegisterVerb } from './verb.ts';

/** `test-rule`: what the rules would do with a file. */
export const registerTestRule: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('test-rule')
    .description(
      'which rule decides about an image, by which attributes, and what would happen; changes nothing',
    )
    .argument('<file>', 'DICOM file')
    .option(
      '--sender <aeTitle>',
      'as if it came from this calling AE title; the site dictionary may depend on it',
    )
    .option('--json', 'machine-readable')
    .action(async (file: string, options: { sender?: string; json?: true }) => {
      const { testRule } = await import('../test-rule-verb.ts');
      const { exitCode, text } = await testRule(configFolder(), file, {
        sender: options.sender ?? '',
        format: options.json ? 'json' : 'text',
      });
      process.stdout.write(text);
      exit(exitCode);
    });
};
