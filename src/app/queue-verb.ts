import { allows, announcement, queueItemText, queueListText } from '../admin/queue/queue-text.ts';
import { type QueueSelection, selectItems, shortName } from '../admin/queue/selection.ts';
import { counted } from '../admin/text-layout.ts';
import type { QueueAction } from '../store/operator-queue.ts';
import { hostClock } from '../store/store.ts';
import { withBooks } from './books.ts';
import { operatorName } from './operator.ts';
import { leaveNotice } from './operator-notice.ts';
import { exitCodes } from './restart-policy.ts';
import { withWritableBooks } from './writable-books.ts';

export interface QueueAnswer {
  readonly exitCode: number;
  /** Complete output, with its line feed. */
  readonly text: string;
}

/** `queue list`. */
export function listQueue(
  configFolder: string,
  selection: QueueSelection,
  how: { readonly format: 'text' | 'json'; readonly limit: number },
): Promise<QueueAnswer> {
  return withBooks(configFolder, ({ store, time }) => {
    const items = selectItems(store.operatorQueue.items(), selection);
    if (how.format === 'text')
      return { exitCode: exitCodes.ok, text: queueListText(items, how.limit, time, hostClock.nowMs()) };
    const shown = items.slice(0, how.limit).map((item) => ({ name: shortName(item), ...item }));
    const answer = { schema: 1, timeZone: time.zone, total: items.length, items: shown };
    return { exitCode: exitCodes.ok, text: `${JSON.stringify(answer, undefined, 2)}\n` };
  });
}

/** `queue show`: one item, by its short name, a UID or an accession number. */
export function showQueueItem(
  configFolder: string,
  name: string,
  format: 'text' | 'json',
): Promise<QueueAnswer> {
  return withBooks(configFolder, ({ store, time }) => {
    const items = selectItems(store.operatorQueue.items(), { names: [name] });
    if (items.length === 0) {
      return {
        exitCode: exitCodes.notFound,
        text: `Nothing unfinished is named ${name}. What is finished: lumbar-node explain ${name}\n`,
      };
    }
    const text =
      format === 'json'
        ? `${JSON.stringify({ schema: 1, timeZone: time.zone, items }, undefined, 2)}\n`
        : items.map((item) => queueItemText(item, time, hostClock.nowMs())).join('\n');
    return { exitCode: exitCodes.ok, text };
  });
}

/** What a changing command needs besides its selection. */
export interface QueueChange {
  readonly action: QueueAction;
  readonly selection: QueueSelection;
  /** True when the operator agrees after reading what will happen. */
  readonly agree: (announced: string) => Promise<boolean>;
}

/** `queue retry|cancel|hold|release|dismiss`: says what is affected, asks, acts, and says how many it was. */
export async function changeQueue(
  configFolder: string,
  { action, selection, agree }: QueueChange,
): Promise<QueueAnswer> {
  if (isEmpty(selection)) {
    return {
      exitCode: exitCodes.usage,
      text: `Say which: names as queue list prints them, or --failed, --held, --peer, --reason, --sender; all of them: --all.\n`,
    };
  }
  const chosen = await withBooks(configFolder, ({ store }) => {
    const matching = selectItems(store.operatorQueue.items(), selection);
    return { matching, able: matching.filter((item) => allows(action, item)) };
  });
  const { matching, able } = chosen;
  if (able.length === 0) {
    const why =
      matching.length === 0
        ? 'Nothing unfinished matches.'
        : `${counted(matching.length, 'item')} ${matching.length === 1 ? 'matches' : 'match'}, but none stands so that ${action} applies (${[...new Set(matching.map(({ state }) => state))].join(', ')}).`;
    return { exitCode: exitCodes.notFound, text: `${why} Nothing was changed.\n` };
  }
  const left = matching.length - able.length;
  const announced = `${announcement(action, able)}${left === 0 ? '' : ` ${left} more match and are left alone.`}`;
  if (!(await agree(announced)))
    return { exitCode: exitCodes.refused, text: 'Nothing was changed. Without a terminal, say --yes.\n' };
  const changed = await withWritableBooks(configFolder, ({ store }) => {
    const count = store.operatorQueue.act(action, able, operatorName());
    leaveNotice(store);
    return count;
  });
  const missed = able.length - changed;
  return {
    exitCode: exitCodes.ok,
    text: `${counted(changed, 'item')} changed.${missed === 0 ? '' : ` ${missed} had moved on meanwhile and were left alone.`}\n`,
  };
}

function isEmpty({ names, failed, held, peer, reason, sender, all }: QueueSelection): boolean {
  return (
    names.length === 0 && !failed && !held && !all && [peer, reason, sender].every((one) => one === undefined)
  );
}
