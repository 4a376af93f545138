import type { ProcessName } from './process-messages.ts';

/** How the node is, as the supervisor has heard; ages are milliseconds since the last good sign. */
export interface Vitals {
  /** Longest delay of an event loop since its last report. The worker's is left out: inference blocks it. */
  readonly loopLagMs: Readonly<Partial<Record<ProcessName | 'supervisor', number>>>;
  /** Since the listener last wrote to the database. */
  readonly databaseAgeMs: number;
  /** Since the listener last answered its own C-ECHO through the upper-layer guard. */
  readonly echoAgeMs: number;
  /** After repeated I/O errors only the refusing door is open: database and echo are not asked. */
  readonly isRefusing: boolean;
}

const maxLoopLagMs = 1000;
const maxAgeMs = 20_000;

/**
 * Why the watchdog must not be fed, or undefined when the node is well (reliability.md 4.5). Not a word about work
 * that waits: a PACS that is away or a queue that is long is no reason to restart.
 */
export function vitalFault(vitals: Vitals): string | undefined {
  for (const [name, lagMs] of Object.entries(vitals.loopLagMs)) {
    if (lagMs > maxLoopLagMs) return `the event loop of the ${name} stood still for ${Math.round(lagMs)} ms`;
  }
  if (vitals.isRefusing) return undefined;
  if (vitals.databaseAgeMs > maxAgeMs)
    return `nothing was written to the database for ${Math.round(vitals.databaseAgeMs / 1000)} s`;
  if (vitals.echoAgeMs > maxAgeMs)
    return `the node did not answer its own C-ECHO for ${Math.round(vitals.echoAgeMs / 1000)} s`;
  return undefined;
}

export interface WatchdogOptions {
  readonly vitals: () => Vitals;
  readonly feed: () => void;
  readonly withheld: (why: string) => void;
  /** The manager's limit; it is fed three times within it, at the latest every 10 s. */
  readonly limitMs: number;
}

/** Feeds the service manager's watchdog for as long as the node is well. Returns the way to stop. */
export function startWatchdog({ vitals, feed, withheld, limitMs }: WatchdogOptions): { stop(): void } {
  const timer = setInterval(
    () => {
      const fault = vitalFault(vitals());
      if (fault === undefined) feed();
      else withheld(fault);
    },
    Math.min(10_000, limitMs / 3),
  );
  return { stop: () => clearInterval(timer) };
}
