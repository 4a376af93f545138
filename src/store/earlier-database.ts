import { statSync } from 'node:fs';
import { openDatabaseCopy } from './database.ts';

/** What a database says before a release that may be newer takes it over. */
export interface EarlierDatabase {
  readonly schemaVersion: number;
  readonly sizeBytes: number;
  /** Version of the program that was started on it last. */
  readonly lastVersion: string | undefined;
  readonly settings: Readonly<Record<string, string>>;
}

/**
 * Reads it beside the running node and changes nothing, whatever release made it. NOT_FOUND when there is none,
 * STORE_NEWER_SCHEMA when a newer release made it.
 */
export function readEarlierDatabase(path: string): EarlierDatabase {
  const { db, schemaVersion } = openDatabaseCopy(path);
  try {
    const started = db
      .sql<{ fieldsJson: string }>(
        "SELECT fieldsJson FROM audit WHERE event = 'NODE_STARTED' ORDER BY seq DESC LIMIT 1",
      )
      .get();
    const { version } = JSON.parse(started?.fieldsJson ?? '{}') as { readonly version?: string };
    const settings = db.sql<{ key: string; value: string }>('SELECT key, value FROM meta').all();
    return {
      schemaVersion,
      sizeBytes: statSync(path).size,
      lastVersion: version,
      settings: Object.fromEntries(settings.map(({ key, value }) => [key, value])),
    };
  } finally {
    db.close();
  }
}
