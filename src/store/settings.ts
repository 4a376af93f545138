import { randomUUID } from 'node:crypto';
import type { Database } from './database.ts';

/** Small facts about this installation that must survive restarts and updates. */
export class Settings {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get(key: string): string | undefined {
    return this.#db.sql<{ value: string }>('SELECT value FROM meta WHERE key = @key').get({ key })?.value;
  }

  set(key: string, value: string): void {
    this.#db
      .sql(
        'INSERT INTO meta (key, value) VALUES (@key, @value) ON CONFLICT (key) DO UPDATE SET value = excluded.value',
      )
      .run({ key, value });
  }

  /**
   * The UUID of this site, made once and never changed: the name space of every UID the node derives
   * (PS3.5 B.2), so that two nodes never make the same UID for the same image.
   */
  siteUuid(): string {
    return this.#db.transaction(() => {
      const known = this.get('siteUuid');
      if (known !== undefined) return known;
      const made = randomUUID();
      this.set('siteUuid', made);
      return made;
    });
  }

  /** Counts this start of the service and returns how many starts there have been. */
  countBoot(): number {
    return this.#db.transaction(() => {
      const count = Number(this.get('bootCount') ?? '0') + 1;
      this.set('bootCount', String(count));
      return count;
    });
  }
}
