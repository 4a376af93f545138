import type { AuditRow } from '../store/audit-log.ts';
import type { Store } from '../store/store.ts';

const batch = 1000;
const placeSetting = 'metrics.auditSeq';

/**
 * Reads each audit row once, in order. The place is kept in the database, so that what happened while this process
 * was away is counted when it is back; on the very first start it begins at the end, because a counter is about now.
 */
export class AuditFollower {
  readonly #store: Pick<Store, 'audit' | 'settings'>;
  #seq: number;

  constructor(store: Pick<Store, 'audit' | 'settings'>) {
    this.#store = store;
    this.#seq = Number(store.settings.get(placeSetting) ?? store.audit.head().seq);
  }

  /** Hands on the next rows, at most `batch`, and tells whether there may be more. */
  follow(take: (row: AuditRow) => void): 'more' | 'done' {
    const rows = this.#store.audit.rowsAfter(this.#seq, batch);
    for (const row of rows) take(row);
    this.#seq = rows.at(-1)?.seq ?? this.#seq;
    return rows.length === batch ? 'more' : 'done';
  }

  /** Keeps the place. */
  save(): void {
    const text = String(this.#seq);
    if (this.#store.settings.get(placeSetting) !== text) this.#store.settings.set(placeSetting, text);
  }
}
