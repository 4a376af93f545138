import type { AlertReadings } from '../admin/alerts/conditions.ts';
import type { NodeConfig } from '../core/config/index.ts';
import { hostClock, type Store } from '../store/store.ts';
import type { AuditChainWatch } from './audit-chain-watch.ts';
import type { CertificateEnds } from './certificate-ends.ts';
import type { DriftWatch } from './drift-watch.ts';
import type { ProcessState } from './process-messages.ts';
import type { SenderWatch } from './sender-watch.ts';

export interface AlertSources {
  readonly config: NodeConfig;
  readonly store: Pick<Store, 'monitor' | 'jobs' | 'arrivals'>;
  readonly processes: () => readonly ProcessState[];
  readonly senders: SenderWatch;
  readonly drift: DriftWatch;
  readonly chain: AuditChainWatch;
  readonly certificates: CertificateEnds;
}

/** Reads what the alert rules look at; remembers only since when a process does not serve. */
export function alertReader(sources: AlertSources): () => AlertReadings {
  const { config, store } = sources;
  const downSince = new Map<string, number>();
  return () => {
    const nowMs = hostClock.nowMs();
    for (const { name, state } of sources.processes()) {
      if (state === 'serving') downSince.delete(name);
      else if (!downSince.has(name)) downSince.set(name, nowMs);
    }
    return {
      nowMs,
      after: config.alerts.after,
      destinations: config.pacs
        .filter(({ deliver }) => deliver === 'on')
        .map(({ name }) => ({ name, ...store.monitor.destination(name) })),
      analysisOldestAtMs: store.jobs.depth().oldestAtMs,
      reportOldestAtMs: store.monitor.studies().oldestAtMs,
      senders: sources.senders.standings(),
      drift: sources.drift.findings().findings,
      auditFinding: sources.chain.finding,
      certificates: sources.certificates.ends(nowMs),
      backupAtMs: store.monitor.newest('BACKUP_MADE')?.atMs ?? store.arrivals.booksSinceMs(),
      processesDown: sources.processes().flatMap(({ name, state }) => {
        const sinceMs = downSince.get(name);
        return sinceMs === undefined ? [] : [{ name, sinceMs, givenUp: state === 'given-up' }];
      }),
    };
  };
}
