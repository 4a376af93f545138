import type { RegisterVerb } from './verb.ts';

/** `retention`: what the rules would remove, and having it removed now. */
export const registerRetention: RegisterVerb = (program, { configFolder, exit }) => {
  const retention = program
    .command('retention')
    .description('what is deleted when; nothing goes before it is delivered');

  retention
    .command('show')
    .description('what would go now; changes nothing')
    .option('--json', 'machine-readable')
    .action(async (options: { json?: true }) => {
      const { previewRetention } = await import('../retention-verb.ts');
      const { text, exitCode } = await previewRetention(configFolder(), options.json ? 'json' : 'text');
      process.stdout.write(text);
      exit(exitCode);
    });

  retention
    .command('run')
    .description('remove it now instead of waiting for the schedule')
    .option('--dry-run', 'the same as retention show')
    .option('-y, --yes', 'do not ask')
    .action(async (options: { dryRun?: true; yes?: true }) => {
      const { previewRetention, runRetention } = await import('../retention-verb.ts');
      const { confirmed } = await import('../confirm.ts');
      const { text, exitCode } = options.dryRun
        ? await previewRetention(configFolder(), 'text')
        : await runRetention(configFolder(), async (announced) => {
            process.stdout.write(`${announced}\n`);
            return options.yes ?? (await confirmed('Go on?'));
          });
      process.stdout.write(text);
      exit(exitCode);
    });
};
