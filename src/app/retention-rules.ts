import type { NodeConfig } from '../core/config/index.ts';
import type { RetentionRules } from '../store/retention.ts';

/** The rules of a configuration as the store applies them; schedule, preview and command share them. */
export function retentionRules({ retention, pacs }: NodeConfig): RetentionRules {
  return {
    spoolAfterMs: retention.images,
    resultsAfterMs: retention.results,
    quarantineAfterMs: retention.quarantine,
    auditAfterMs: retention.audit,
    batchRows: retention.batch,
    committedDestinations: pacs
      .filter(({ deliver, storageCommitment }) => deliver === 'on' && storageCommitment === 'on')
      .map(({ name }) => name),
  };
}
