import { retentionText } from '../admin/retention/retention-text.ts';
import { hostClock } from '../store/store.ts';
import { withBooks } from './books.ts';
import { operatorName } from './operator.ts';
import { exitCodes } from './restart-policy.ts';
import { retentionRules } from './retention-rules.ts';
import { withWritableBooks } from './writable-books.ts';

export interface RetentionAnswer {
  readonly exitCode: number;
  /** Complete output, with its line feed. */
  readonly text: string;
}

/** `retention show`: what would go now by the rules of the configuration; changes nothing. */
export function previewRetention(configFolder: string, format: 'text' | 'json'): Promise<RetentionAnswer> {
  return withBooks(configFolder, ({ store, config, time }) => {
    const nowMs = hostClock.nowMs();
    const plan = store.retention.plan(retentionRules(config), nowMs);
    const text =
      format === 'json'
        ? `${JSON.stringify({ schema: 1, ...plan }, undefined, 2)}\n`
        : `${retentionText(plan, config.retention, 'would')}Schedule: ${config.retention.schedule} (cron, ${time.zone}).\n`;
    return { exitCode: exitCodes.ok, text };
  });
}

/** `retention run`: removes it now, in small batches, beside a running node or without one. */
export async function runRetention(
  configFolder: string,
  agree: (announced: string) => Promise<boolean>,
): Promise<RetentionAnswer> {
  const { text: announced } = await previewRetention(configFolder, 'text');
  if (!(await agree(announced.trimEnd())))
    return { exitCode: exitCodes.refused, text: 'Nothing was removed. Without a terminal, say --yes.\n' };
  return await withWritableBooks(configFolder, ({ store, config }) => {
    store.audit.append('OPERATOR_ACTION', { operator: operatorName(), action: 'retention run' });
    const done = store.retention.run(retentionRules(config), hostClock.nowMs());
    return { exitCode: exitCodes.ok, text: retentionText(done, config.retention, 'did') };
  });
}
