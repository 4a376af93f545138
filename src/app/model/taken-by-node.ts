import { setTimeout as delay } from 'node:timers/promises';
import type { AuditRow } from '../../store/audit-log.ts';
import type { ReadOnlyStore } from '../../store/store.ts';
import { wakeNode } from '../control-client.ts';
import { nodeRunsOn } from '../instance-lock.ts';
import { operatorName } from '../operator.ts';

const lookEveryMs = 100;
const patienceMs = 60_000;
const rowsPerLook = 1000;

/** The node's answer to a model that was just made the active one. */
export type Taken =
  | { readonly kind: 'no-node' }
  | { readonly kind: 'loaded'; readonly provider: string }
  | { readonly kind: 'refused'; readonly detail: string }
  /** It has an image in hand, or loads for longer than anybody wants to watch. */
  | { readonly kind: 'not-yet' };

/** Waits until the node that runs on the data folder works by this model, as the audit after row `seq` tells. */
export async function takenByNode(
  store: Pick<ReadOnlyStore, 'audit'>,
  dataFolder: string,
  { sha256, seq }: { readonly sha256: string; readonly seq: number },
): Promise<Taken> {
  if (!(await nodeRunsOn(dataFolder))) return { kind: 'no-node' };
  await wakeNode(dataFolder, operatorName());
  let seen = seq;
  for (let waitedMs = 0; waitedMs < patienceMs; waitedMs += lookEveryMs) {
    const rows = store.audit.rowsAfter(seen, rowsPerLook);
    seen = rows.at(-1)?.seq ?? seen;
    const answer = answerIn(rows, sha256);
    if (answer !== undefined) return answer;
    await delay(lookEveryMs);
  }
  return { kind: 'not-yet' };
}

function answerIn(rows: readonly AuditRow[], sha256: string): Taken | undefined {
  for (const { event, fields } of rows) {
    if (event === 'MODEL_LOADED' && fields['modelSha256'] === sha256)
      return { kind: 'loaded', provider: String(fields['provider']) };
    if (event === 'MODEL_REFUSED') return { kind: 'refused', detail: String(fields['detail']) };
  }
  return undefined;
}

/** What that means for whoever typed the command. */
export function takenText(taken: Taken): string {
  switch (taken.kind) {
    case 'no-node':
      return 'No node runs here now; the next start takes it.';
    case 'loaded':
      return `The running node has loaded it (${taken.provider}); what comes now is analysed by it.`;
    case 'refused':
      return `THE RUNNING NODE REFUSES IT: ${taken.detail}. Images are received and wait. Correct that, or go back: lumbar-node model rollback`;
    case 'not-yet':
      return 'The running node takes it as soon as the image in hand is done; lumbar-node status shows the model.';
  }
}
