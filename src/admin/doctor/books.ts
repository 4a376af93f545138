import type { SiteTime } from '../site-time.ts';
import { counted, duration, printable, size } from '../text-layout.ts';
import { type Finding, failure, fine, warning } from './finding.ts';

/** What waits, since when; times are epoch milliseconds. */
export interface WaitingWork {
  readonly what: string;
  readonly oldestAtMs: number | null;
}

export interface QueueFacts {
  readonly nowMs: number;
  readonly slowAfterMs: number;
  readonly waiting: readonly WaitingWork[];
  /** Images set aside, failed reports, parked deliveries: they wait for a person. */
  readonly needPerson: number;
}

/** Work that is older than `alerts.after.oldestItem`; after a day it is no delay any more. */
export function judgeQueue({ nowMs, slowAfterMs, waiting, needPerson }: QueueFacts): Finding {
  const name = 'queue-age';
  const dayMs = 86_400_000;
  const oldest = waiting
    .flatMap(({ what, oldestAtMs }) => (oldestAtMs === null ? [] : [{ what, ageMs: nowMs - oldestAtMs }]))
    .toSorted((a, b) => b.ageMs - a.ageMs)[0];
  const evidence =
    oldest === undefined ? 'nothing waits' : `the oldest ${oldest.what} waits for ${duration(oldest.ageMs)}`;
  if (oldest !== undefined && oldest.ageMs > slowAfterMs) {
    const judge = oldest.ageMs > dayMs ? failure : warning;
    return judge(
      name,
      `${evidence}.`,
      'lumbar-node queue list; lumbar-node status says what stands in the way.',
    );
  }
  if (needPerson > 0)
    return warning(
      name,
      `${evidence}; ${counted(needPerson, 'item')} ${needPerson === 1 ? 'needs' : 'need'} a person.`,
      'lumbar-node queue list --failed',
    );
  return fine(name, `${evidence}.`);
}

export interface SenderFacts {
  readonly nowMs: number;
  /** Silence inside the usual hours that is reported, milliseconds. */
  readonly silentAfterMs: number;
  /** When the first row was written; a sender cannot be late in a node that has just been set up. */
  readonly booksSinceMs: number | undefined;
  readonly senders: readonly {
    readonly aeTitle: string;
    readonly lastImageAtMs: number | undefined;
    readonly silentUsualMs: number;
  }[];
}

export function judgeSenders(
  { nowMs, silentAfterMs, booksSinceMs, senders }: SenderFacts,
  time: SiteTime,
): Finding {
  const name = 'last-image-per-sender';
  const evidence = senders
    .map(({ aeTitle, lastImageAtMs }) =>
      lastImageAtMs === undefined
        ? `${aeTitle}: no image yet`
        : `${aeTitle}: last image ${time.near(lastImageAtMs, nowMs)}`,
    )
    .join('; ');
  const bookAgeMs = booksSinceMs === undefined ? 0 : nowMs - booksSinceMs;
  const silent = senders.filter(({ lastImageAtMs, silentUsualMs }) =>
    lastImageAtMs === undefined ? bookAgeMs >= silentAfterMs : silentUsualMs >= silentAfterMs,
  );
  if (silent.length === 0) return fine(name, `${evidence}.`);
  return warning(
    name,
    `${evidence}.`,
    `Ask at ${silent.map(({ aeTitle }) => aeTitle).join(', ')} whether it sends here: AE title, host, port. lumbar-node audit query --sender ${silent[0]?.aeTitle ?? ''} shows what was refused.`,
  );
}

export function judgeBackup(
  nowMs: number,
  limitMs: number,
  facts: { readonly madeAtMs: number | undefined; readonly booksSinceMs: number | undefined },
): Finding {
  const name = 'backup-age';
  const { madeAtMs, booksSinceMs } = facts;
  const sinceMs = madeAtMs ?? booksSinceMs;
  const evidence =
    madeAtMs === undefined
      ? 'there is no backup in the books yet'
      : `the last good backup was made ${duration(nowMs - madeAtMs)} ago`;
  if (sinceMs === undefined || nowMs - sinceMs <= limitMs) return fine(name, `${evidence}.`);
  return warning(
    name,
    `${evidence}; the limit is ${duration(limitMs)}.`,
    'Look at backup.directory and backup.schedule in node.yaml, and for BACKUP_FAILED: lumbar-node audit query --event BACKUP_FAILED.',
  );
}

/** What `quick_check` said; `skipped` for a database so large that it would disturb the running node. */
export type IntegrityFacts =
  | { readonly kind: 'whole'; readonly sizeBytes: number }
  | { readonly kind: 'skipped'; readonly sizeBytes: number }
  | { readonly kind: 'broken'; readonly detail: string }
  /** Of an earlier release; the start of this one brings it up to date. */
  | { readonly kind: 'older'; readonly detail: string }
  /** Not opened at all: the rights, or a newer release. */
  | { readonly kind: 'closed'; readonly detail: string }
  | { readonly kind: 'absent'; readonly path: string };

export function judgeIntegrity(facts: IntegrityFacts): Finding {
  const name = 'db-integrity';
  switch (facts.kind) {
    case 'whole':
      return fine(name, `the database is whole (${size(facts.sizeBytes)}).`);
    case 'skipped':
      return fine(
        name,
        `not read through: ${size(facts.sizeBytes)} would take a while. The service reads it after each start and with every backup.`,
      );
    case 'broken':
      return failure(
        name,
        `the database cannot be trusted: ${printable(facts.detail)}`,
        'Stop the service, keep the files as they are and restore the last backup; nothing that was acknowledged is lost while the spool is kept.',
      );
    case 'older':
      return warning(
        name,
        `not read: ${printable(facts.detail)}.`,
        'Start the service with this release, then run doctor again.',
      );
    case 'closed':
      return failure(
        name,
        `not read: ${printable(facts.detail)}.`,
        'Run doctor as the user of the service, and with the release that the database was last used with.',
      );
    case 'absent':
      return warning(
        name,
        `there is no database at ${facts.path}, or this user may not see it.`,
        'The first start of the node makes it: lumbar-node start, or systemctl start lumbar-node.',
      );
  }
}

/** One finding for each certificate; an end of 0 means that the file cannot be read. */
export function judgeCertificates(
  ends: readonly { readonly name: string; readonly endsAtMs: number }[],
  nowMs: number,
  warnBeforeMs: number,
): Finding[] {
  if (ends.length === 0) return [fine('tls-expiry', 'no certificate is configured.')];
  return ends.map(({ name: peer, endsAtMs }) => {
    const name = `tls-expiry:${peer}`;
    const renew = 'Put a new certificate in its place; lumbar-node reload reads it without a restart.';
    if (endsAtMs === 0)
      return failure(name, 'the certificate cannot be read.', `Check file, path and rights. ${renew}`);
    if (endsAtMs <= nowMs)
      return failure(name, `the certificate ended ${duration(nowMs - endsAtMs)} ago.`, renew);
    const evidence = `the certificate ends in ${duration(endsAtMs - nowMs)}.`;
    return endsAtMs - nowMs < warnBeforeMs ? warning(name, evidence, renew) : fine(name, evidence);
  });
}
