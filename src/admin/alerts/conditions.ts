import { driftRule, type DriftFinding } from '../drift/drift.ts';
import { counted, duration } from '../text-layout.ts';

/** What the alert rules look at. Times are epoch milliseconds UTC, spans are milliseconds. */
export interface AlertReadings {
  readonly nowMs: number;
  readonly after: AlertThresholds;
  readonly destinations: readonly {
    readonly name: string;
    readonly waiting: number;
    readonly oldestWaitingAtMs: number | null;
    readonly refusingSinceMs: number | null;
  }[];
  readonly analysisOldestAtMs: number | null;
  readonly reportOldestAtMs: number | null;
  readonly senders: readonly {
    readonly aeTitle: string;
    readonly name: string;
    readonly silentUsualMs: number;
  }[];
  readonly drift: readonly DriftFinding[];
  /** The first broken row of the audit chain, when one was found. */
  readonly auditFinding: string | undefined;
  readonly certificates: readonly { readonly name: string; readonly endsAtMs: number }[];
  /** The newest backup, or the first row of the books when there was none. */
  readonly backupAtMs: number | undefined;
  readonly processesDown: readonly {
    readonly name: string;
    readonly sinceMs: number;
    readonly givenUp: boolean;
  }[];
}

/** The settings of `alerts.after`, milliseconds. */
export interface AlertThresholds {
  readonly pacsRefusing: number;
  readonly oldestItem: number;
  readonly senderSilent: number;
  readonly certificateExpiry: number;
  readonly backupAge: number;
}

/** A condition that needs a person. `cause` is `kind`, or `peer:kind` when it is about one of several. */
export interface Condition {
  readonly cause: string;
  readonly detail: string;
}

/** Kinds of conditions that `findConditions` decides about; an active one that it does not find is over. */
export const watchedKinds = [
  'refusing',
  'old-item',
  'silent',
  'positive-rate',
  'drift',
  'audit-broken',
  'certificate',
  'backup-old',
  'process-down',
] as const;

export type WatchedKind = (typeof watchedKinds)[number];

/** A dead process is replaced at once; only one that stays away needs a person. */
const processDownAfterMs = 2 * 60_000;

/** The kind of a cause: what stands behind the last colon. */
export function kindOf(cause: string): string {
  return cause.slice(cause.lastIndexOf(':') + 1);
}

/** Every condition that holds now (experience.md 2.7). Pure. */
export function findConditions(readings: AlertReadings): Condition[] {
  const found: Condition[] = [];
  const add = (kind: WatchedKind, peer: string, detail: string): void =>
    void found.push({ cause: peer === '' ? kind : `${peer}:${kind}`, detail });
  const { nowMs, after } = readings;
  const isOld = (atMs: number | null): atMs is number => atMs !== null && nowMs - atMs > after.oldestItem;

  for (const { name, waiting, oldestWaitingAtMs, refusingSinceMs } of readings.destinations) {
    const refusing = refusingSinceMs !== null && nowMs - refusingSinceMs > after.pacsRefusing;
    if (refusing)
      add(
        'refusing',
        name,
        `${name} has taken no result for ${duration(nowMs - refusingSinceMs)}; ${counted(waiting, 'result')} wait.`,
      );
    // One trouble, one alert: what waits behind a destination that refuses is told above.
    else if (isOld(oldestWaitingAtMs))
      add('old-item', name, `A result has waited for ${name} for ${duration(nowMs - oldestWaitingAtMs)}.`);
  }
  if (isOld(readings.analysisOldestAtMs))
    add(
      'old-item',
      'analysis',
      `An image has waited to be analysed for ${duration(nowMs - readings.analysisOldestAtMs)}.`,
    );
  if (isOld(readings.reportOldestAtMs))
    add(
      'old-item',
      'report',
      `A study has waited for its report for ${duration(nowMs - readings.reportOldestAtMs)}.`,
    );
  for (const { aeTitle, name, silentUsualMs } of readings.senders)
    if (silentUsualMs >= after.senderSilent)
      add(
        'silent',
        aeTitle,
        `${aeTitle} (${name}) has sent nothing for ${duration(silentUsualMs)} of its usual hours.`,
      );
  for (const finding of readings.drift)
    if (finding.verdict === 'drifted') found.push(driftCondition(finding));
  if (readings.auditFinding !== undefined)
    add('audit-broken', '', `The audit chain is broken: ${readings.auditFinding}.`);
  for (const { name, endsAtMs } of readings.certificates)
    if (endsAtMs - nowMs < after.certificateExpiry)
      add(
        'certificate',
        name,
        endsAtMs <= nowMs
          ? `The certificate of ${name} ended ${duration(nowMs - endsAtMs)} ago.`
          : `The certificate of ${name} ends in ${duration(endsAtMs - nowMs)}.`,
      );
  if (readings.backupAtMs !== undefined && nowMs - readings.backupAtMs > after.backupAge)
    add('backup-old', '', `There has been no good backup for ${duration(nowMs - readings.backupAtMs)}.`);
  for (const { name, sinceMs, givenUp } of readings.processesDown)
    if (givenUp || nowMs - sinceMs > processDownAfterMs)
      add(
        'process-down',
        name,
        givenUp
          ? `The ${name} process cannot run and is not started again; the node stops.`
          : `The ${name} process has not served for ${duration(nowMs - sinceMs)}.`,
      );
  return found;
}

function driftCondition({ sender, measure, recent, usual, recentCount }: DriftFinding): Condition {
  const percent = (value: number): string => `${Math.round(value * 100)} %`;
  const change = `${percent(recent)} in the last ${driftRule.recentDays} days (${counted(recentCount, 'image')}), usually ${percent(usual)}`;
  return measure === 'suspected'
    ? { cause: `${sender}:positive-rate`, detail: `SUSPECTED results of ${sender}: ${change}.` }
    : {
        cause: `${sender} ${measure}:drift`,
        detail: `Images of ${sender} have changed, ${measure}: ${change}.`,
      };
}
