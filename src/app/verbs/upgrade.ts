import type { RegisterVerb } from './verb.ts';

/** `upgrade check`: whether this release can take over what is here, before anything is changed. */
export const registerUpgrade: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('upgrade')
    .description('before another release takes over')
    .command('check')
    .description(
      'whether this release can take over settings, database and model of the one that runs; changes nothing',
    )
    .option('--json', 'machine-readable')
    .action(async ({ json }: { json?: true }) => {
      const { checkUpgrade } = await import('../upgrade-verb.ts');
      const { exitCode, text } = checkUpgrade(configFolder(), json === true ? 'json' : 'text');
      process.stdout.write(text);
      exit(exitCode);
    });
};
