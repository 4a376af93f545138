import {
  type AlertReadings,
  type Condition,
  findConditions,
  kindOf,
  watchedKinds,
} from '../admin/alerts/conditions.ts';
import type { Log } from '../core/log.ts';
import type { Alerts } from '../store/alerts.ts';

/** A condition must be absent in this many looks one after the other before it counts as over: no flapping. */
const looksToRecover = 2;

export interface AlertWatchOptions {
  readonly alerts: Pick<Alerts, 'start' | 'recover' | 'active'>;
  readonly log: Log;
  readonly read: () => AlertReadings;
}

/** Compares the conditions that hold with the alerts that are active, and starts or lifts the difference. */
export class AlertWatch {
  readonly #options: AlertWatchOptions;
  readonly #absent = new Map<string, number>();

  constructor(options: AlertWatchOptions) {
    this.#options = options;
  }

  look(): void {
    const conditions = findConditions(this.#options.read());
    for (const condition of conditions) this.#start(condition);
    const holding = new Set(conditions.map(({ cause }) => cause));
    for (const { cause } of this.#options.alerts.active())
      if (!holding.has(cause) && isWatched(cause)) this.#miss(cause);
  }

  #start({ cause, detail }: Condition): void {
    this.#absent.delete(cause);
    if (this.#options.alerts.start(cause, detail))
      this.#options.log.event('ALERT_STARTED', { cause, detail });
  }

  #miss(cause: string): void {
    const looks = (this.#absent.get(cause) ?? 0) + 1;
    this.#absent.set(cause, looks);
    if (looks < looksToRecover) return;
    this.#absent.delete(cause);
    if (this.#options.alerts.recover(cause)) this.#options.log.event('ALERT_RECOVERED', { cause });
  }
}

/** Alerts of the other processes are lifted by those who raised them. */
function isWatched(cause: string): boolean {
  return (watchedKinds as readonly string[]).includes(kindOf(cause));
}
