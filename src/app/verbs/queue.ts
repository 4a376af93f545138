import type { Command } from 'commander';
import type { QueueSelection } from '../../admin/queue/selection.ts';
import type { QueueAnswer } from '../queue-verb.ts';
import type { RegisterVerb } from './verb.ts';
import { wholeNumber } from './whole-number.ts';

interface Filters {
  readonly failed?: true;
  readonly held?: true;
  readonly peer?: string;
  readonly reason?: string;
  readonly sender?: string;
  readonly all?: true;
}

const changes = {
  retry: 'send deliveries again now, analyse images set aside again, build failed reports again',
  cancel: 'give up deliveries; the objects stay here',
  hold: 'hold deliveries back until they are released',
  release: 'analyse held images, send deliveries that are held back',
  dismiss: 'end held images as skipped, images set aside as failed',
} as const;

/** `queue`: what is unfinished, and what an operator does about it. */
export const registerQueue: RegisterVerb = (program, { configFolder, exit }) => {
  const queue = program.command('queue').description('what is unfinished, and what to do about it');
  const answer = (given: QueueAnswer): void => {
    process.stdout.write(given.text);
    exit(given.exitCode);
  };

  filtered(queue.command('list').description('everything unfinished, oldest first; changes nothing'))
    .option('--limit <count>', 'lines shown', wholeNumber, 50)
    .option('--json', 'machine-readable')
    .action(async (names: string[], options: Filters & { limit: number; json?: true }) => {
      const { listQueue } = await import('../queue-verb.ts');
      const format = options.json ? 'json' : 'text';
      answer(await listQueue(configFolder(), selectionOf(names, options), { format, limit: options.limit }));
    });

  queue
    .command('show')
    .description('one item in full; changes nothing')
    .argument('<name>', 'name as queue list prints it, UID, or accession number')
    .option('--json', 'machine-readable')
    .action(async (name: string, options: { json?: true }) => {
      const { showQueueItem } = await import('../queue-verb.ts');
      answer(await showQueueItem(configFolder(), name, options.json ? 'json' : 'text'));
    });

  for (const [action, description] of Object.entries(changes) as [keyof typeof changes, string][]) {
    filtered(queue.command(action).description(description))
      .option('--all', 'everything that allows it')
      .option('-y, --yes', 'do not ask')
      .action(async (names: string[], options: Filters & { yes?: true }) => {
        const { changeQueue } = await import('../queue-verb.ts');
        const { confirmed } = await import('../confirm.ts');
        answer(
          await changeQueue(configFolder(), {
            action,
            selection: selectionOf(names, options),
            agree: async (announced) => {
              process.stdout.write(`${announced}\n`);
              return options.yes ?? (await confirmed('Go on?'));
            },
          }),
        );
      });
  }
};

function filtered(command: Command): Command {
  return command
    .argument('[names...]', 'names as queue list prints them, UIDs, or accession numbers')
    .option('--failed', 'what gave up: parked deliveries, images set aside, reports that failed')
    .option('--held', 'what a person holds: held images, deliveries held back')
    .option('--peer <name>', 'only deliveries to this destination')
    .option('--reason <code>', 'only with this reason code, such as D03 or S10')
    .option('--sender <aeTitle>', 'only from this calling AE title');
}

function selectionOf(names: readonly string[], filters: Filters): QueueSelection {
  const { failed, held, peer, reason, sender, all } = filters;
  return {
    names,
    ...(failed === undefined ? {} : { failed }),
    ...(held === undefined ? {} : { held }),
    ...(peer === undefined ? {} : { peer }),
    ...(reason === undefined ? {} : { reason }),
    ...(sender === undefined ? {} : { sender }),
    ...(all === undefined ? {} : { all }),
  };
}
