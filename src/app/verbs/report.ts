import type { RegisterVerb } from './verb.ts';

/** `report`: the books of a day. */
export const registerReport: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('report')
    .description('the books')
    .command('day')
    .description('everything received on a day and how it ended; exit code 1 when it does not add up')
    .argument('[date]', '2026-11-23, today or yesterday, in the time zone of the site', 'today')
    .option('--json', 'machine-readable')
    .action(async (date: string, options: { json?: true }) => {
      const { reportDay } = await import('../report-verb.ts');
      const { text, exitCode } = await reportDay(configFolder(), date, options.json ? 'json' : 'text');
      process.stdout.write(text);
      exit(exitCode);
    });
};
