import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { RepositorySender } from '../admin/atna/repository-sender.ts';
import { hostClock } from '../store/store.ts';
import { mustStop } from './fail-stop.ts';
import type { Runtime } from './runtime.ts';

const alertCause = 'audit-repository';

const retryMs = 1000;

/**
 * Sends audit messages until the signal, if the site has a repository. A database that is busy or full is tried again;
 * rejects only with faults after which the process must stop.
 */
export async function sendAuditMessages(runtime: Runtime, signal: AbortSignal): Promise<void> {
  const sender = auditRepository(runtime);
  while (sender !== undefined && !signal.aborted) {
    try {
      await sender.run(signal);
    } catch (error) {
      if (mustStop(error)) throw error;
      await delay(retryMs);
    }
  }
}

/** The sender of audit messages as `audit.syslog` wants it, or undefined when the site keeps its audit trail here only. */
function auditRepository({ config, store, log }: Runtime): RepositorySender | undefined {
  const { syslog } = config.audit;
  if (syslog === undefined) return undefined;
  const { name } = config.institution;
  return new RepositorySender({
    host: syslog.host,
    port: syslog.port,
    credentials: () => ({
      ...(syslog.ca === undefined ? {} : { ca: readFileSync(syslog.ca) }),
      ...(syslog.certificate === undefined ? {} : { cert: readFileSync(syslog.certificate) }),
      ...(syslog.key === undefined ? {} : { key: readFileSync(syslog.key) }),
    }),
    origin: { hostName: hostname(), processId: process.pid },
    source: {
      aeTitle: config.aeTitle,
      hostName: hostname(),
      ...(name === undefined ? {} : { enterpriseSiteId: name }),
      destinations: new Map(
        config.pacs.map((one) => [one.name, { aeTitle: one.calledAeTitle, host: one.host }] as const),
      ),
    },
    queue: {
      unsent: (limit) => store.auditOutbox.unsent(limit, hostClock.nowMs()),
      markSent: (seqs, nowMs) => store.auditOutbox.markSent(seqs, nowMs),
      resendLast: (windowMs) => store.auditOutbox.resendLast(windowMs),
      prune: (beforeMs) => store.auditOutbox.prune(beforeMs),
      head: () => store.audit.head(),
    },
    clock: hostClock,
    events: {
      lost: (why) => {
        const detail = `The audit record repository ${syslog.host}:${syslog.port} cannot be reached (${why}). Audit messages wait here and are sent when it can.`;
        if (store.alerts.start(alertCause, detail)) log.event('ALERT_STARTED', { cause: alertCause, detail });
      },
      reached: () => {
        if (store.alerts.recover(alertCause)) log.event('ALERT_RECOVERED', { cause: alertCause });
      },
    },
  });
}
