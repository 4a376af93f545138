import { setTimeout as delay } from 'node:timers/promises';
import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

interface StatusOptions {
  readonly watch?: true;
  readonly json?: true;
}

const refreshMs = 2000;
const clearScreen = '\u001b[H\u001b[2J';

/** `status`: one screen of where everything stands. */
export const registerStatus: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('status')
    .description('one screen: is all well, senders, queue, destinations, latency, outcomes, disk, model')
    .option('-w, --watch', 'again every two seconds until interrupted')
    .option('--json', 'machine-readable')
    .action(async (options: StatusOptions) => {
      const { statusFromBooks } = await import('../status-verb.ts');
      for (;;) {
        const { health, text } = await statusFromBooks(configFolder(), options.json ? 'json' : 'text');
        process.stdout.write(options.watch && process.stdout.isTTY ? `${clearScreen}${text}` : text);
        if (!options.watch) {
          exit({ well: exitCodes.ok, attention: exitCodes.failed, down: exitCodes.notReachable }[health]);
          return;
        }
        await delay(refreshMs);
      }
    });
};
