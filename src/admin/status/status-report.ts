import type { Disposition, Outcome } from '../../core/outcome.ts';
import type { SiteTime } from '../site-time.ts';
import { counted, duration, printable, size } from '../text-layout.ts';

/** Everything the status screen is made of, read at one moment. */
export interface StatusFacts {
  readonly nowMs: number;
  readonly aeTitle: string;
  readonly version: string;
  readonly isRunning: boolean;
  readonly startedAtMs: number | undefined;
  readonly alerts: readonly {
    readonly cause: string;
    readonly detail: string;
    readonly startedAtMs: number;
  }[];
  /** Configured senders and those that ever sent; `lastImageAtMs` is undefined when nothing came yet. */
  readonly senders: readonly {
    readonly aeTitle: string;
    readonly name: string;
    readonly lastImageAtMs: number | undefined;
    readonly images24h: number;
  }[];
  readonly queue: {
    readonly queued: number;
    readonly waiting: number;
    readonly running: number;
    readonly quarantined: number;
    readonly oldestAtMs: number | null;
    readonly openStudies: number;
    readonly failedStudies: number;
    readonly held: number;
  };
  readonly destinations: readonly {
    readonly name: string;
    readonly deliver: 'on' | 'shadow' | 'off';
    readonly waiting: number;
    readonly parked: number;
    readonly oldestWaitingAtMs: number | undefined;
    readonly stored24h: number;
    readonly lastError: string | undefined;
  }[];
  readonly latency: { readonly captureMs: readonly number[]; readonly reportMs: readonly number[] };
  readonly today: {
    readonly received: number;
    readonly dispositions: Readonly<Record<Disposition, number>>;
    readonly outcomes: Readonly<Partial<Record<Outcome, number>>>;
  };
  readonly disk: { readonly freeBytes: number; readonly watermarkBytes: number; readonly folder: string };
  readonly model: { readonly id: string; readonly sha256: string; readonly provider: string } | undefined;
  readonly configuration: {
    /** When the running node read its configuration; undefined when the books do not say. */
    readonly readAtMs: number | undefined;
    readonly runningSha256: string | undefined;
    readonly filesSha256: string;
    readonly refusedAtMs: number | undefined;
  };
}

export type Health = 'well' | 'attention' | 'down';

/** The whole in one sentence, and what to do when it is not well. The most urgent comes first. */
export interface HealthSentence {
  readonly health: Health;
  readonly sentence: string;
  readonly next: readonly string[];
}

/** Longest age of unfinished work that needs no explanation, milliseconds. */
const slowAfterMs = 30 * 60_000;

export function healthOf(facts: StatusFacts, time: SiteTime): HealthSentence {
  if (!facts.isRunning) {
    return {
      health: 'down',
      sentence: 'THE NODE IS NOT RUNNING: nothing is received and nothing is delivered.',
      next: [
        'Start it: systemctl start lumbar-node (or lumbar-node start). When it ends again: lumbar-node check, then journalctl -u lumbar-node.',
        ...troubles(facts, time).flatMap(({ sentence, next }) => [sentence, ...next]),
      ],
    };
  }
  const found = troubles(facts, time);
  const [first, ...others] = found;
  if (first === undefined) {
    const last = facts.senders.reduce((latest, { lastImageAtMs }) => Math.max(latest, lastImageAtMs ?? 0), 0);
    const since = last === 0 ? 'no image has come yet' : `last image ${time.near(last, facts.nowMs)}`;
    return {
      health: 'well',
      sentence: `All is well: the node receives, analyses and delivers; ${since}.`,
      next: [],
    };
  }
  const more = others.length === 0 ? '' : ` And ${counted(others.length, 'more trouble')}, below.`;
  return {
    health: 'attention',
    sentence: `ATTENTION: ${first.sentence}${more}`,
    next: [...first.next, ...others.flatMap(({ sentence, next }) => [sentence, ...next])],
  };
}

interface Trouble {
  readonly sentence: string;
  readonly next: readonly string[];
}

function troubles(facts: StatusFacts, time: SiteTime): Trouble[] {
  const { nowMs, disk, queue, configuration } = facts;
  const found: Trouble[] = [];
  const add = (sentence: string, ...next: readonly string[]): void => void found.push({ sentence, next });
  if (disk.freeBytes < disk.watermarkBytes)
    add(
      `the disk of ${disk.folder} is below its watermark (${size(disk.freeBytes)} free), new images are refused.`,
      'Free space there; lumbar-node retention show tells what would go.',
    );
  for (const { name, parked, waiting, oldestWaitingAtMs, lastError } of facts.destinations) {
    if (parked > 0)
      add(
        `${counted(parked, 'result')} for ${name} ${parked === 1 ? 'needs' : 'need'} a person${said(lastError)}.`,
        `lumbar-node queue list --peer ${name} --failed`,
      );
    else if (waiting > 0 && oldestWaitingAtMs !== undefined && nowMs - oldestWaitingAtMs > slowAfterMs)
      add(
        `${counted(waiting, 'result')} wait for ${name} since ${time.near(oldestWaitingAtMs, nowMs)}${said(lastError)}.`,
        `lumbar-node queue list --peer ${name}; lumbar-node doctor`,
      );
  }
  if (queue.quarantined > 0)
    add(
      `${counted(queue.quarantined, 'image')} ${queue.quarantined === 1 ? 'was' : 'were'} set aside after the last attempt.`,
      'lumbar-node queue list --failed',
    );
  if (queue.failedStudies > 0)
    add(
      `the report of ${counted(queue.failedStudies, 'study', 'studies')} could not be built.`,
      'lumbar-node queue list --failed',
    );
  if (queue.oldestAtMs !== null && nowMs - queue.oldestAtMs > slowAfterMs)
    add(
      `an image waits to be analysed since ${time.near(queue.oldestAtMs, nowMs)}.`,
      'lumbar-node doctor; journalctl -u lumbar-node',
    );
  if (configuration.refusedAtMs !== undefined)
    add(
      `the configuration of ${time.near(configuration.refusedAtMs, nowMs)} has faults; the one before is still in force.`,
      'lumbar-node check',
    );
  else if (
    configuration.runningSha256 !== undefined &&
    configuration.runningSha256 !== configuration.filesSha256
  )
    add(
      'the configuration files were changed and are not in force yet.',
      'lumbar-node check, then lumbar-node reload',
    );
  for (const { cause, detail, startedAtMs } of facts.alerts)
    if (!isToldAlready(cause))
      add(`${printable(cause)} since ${time.near(startedAtMs, nowMs)}: ${printable(detail)}`);
  if (queue.held > 0)
    add(
      `${counted(queue.held, 'image')} ${queue.held === 1 ? 'is' : 'are'} held for an operator.`,
      'lumbar-node queue list --held',
    );
  return found;
}

/** Alerts whose matter the figures above already tell. */
function isToldAlready(cause: string): boolean {
  return cause.endsWith(':parked');
}

function said(lastError: string | undefined): string {
  return lastError === undefined ? '' : `: ${printable(lastError).replace(/\.$/, '')}`;
}

/** The value below which a share of the sorted values lies; undefined when there are none. */
export function percentile(values: readonly number[], share: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
}

export function latencyText(values: readonly number[]): string {
  const half = percentile(values, 0.5);
  const most = percentile(values, 0.95);
  if (half === undefined || most === undefined) return 'none in 24 h';
  return `p50 ${duration(half)}, p95 ${duration(most)} (${values.length} in 24 h)`;
}
