import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

/** `alert`: are the right people told. */
export const registerAlert: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('alert')
    .description('messages to people')
    .command('test')
    .description('send a message that is marked as a test to every configured receiver')
    .action(async () => {
      const { testAlerts } = await import('../alert-verb.ts');
      const { outcome, lines } = await testAlerts(configFolder());
      for (const line of lines) process.stdout.write(`${line}\n`);
      exit(outcome === 'taken' ? exitCodes.ok : exitCodes.failed);
    });
};
