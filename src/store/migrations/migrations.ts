import { NodeError } from '../../core/errors.ts';
import { migration001 } from './001-first-schema.ts';
import { migration002 } from './002-refusal.ts';
import { migration003 } from './003-audit-pair.ts';
import { migration004 } from './004-analysis-start.ts';
import { migration005 } from './005-image-list.ts';
import { migration006 } from './006-alert-notices.ts';

/** What a migration needs of a connection. */
interface MigrationConnection {
  exec(sql: string): unknown;
  pragma(source: string, options: { simple: true }): unknown;
}

/** Append-only: a step that a release has shipped is never edited; a change is a new step at the end. */
const steps: readonly string[] = [
  migration001,
  migration002,
  migration003,
  migration004,
  migration005,
  migration006,
];

/** The `user_version` that this release writes. */
export const schemaVersion = steps.length;

/**
 * Brings the schema up to `schemaVersion`. Each step and its `user_version` are one transaction, so a process
 * killed in the middle leaves the old schema or the new one, never half. Throws STORE_NEWER_SCHEMA when a newer
 * release wrote the file.
 */
export function migrate(connection: MigrationConnection): void {
  const present = userVersion(connection);
  if (present > schemaVersion) {
    throw new NodeError(
      'STORE_NEWER_SCHEMA',
      `the database has schema ${present}, this release knows ${schemaVersion}`,
    );
  }
  if (present === schemaVersion) return;
  for (const [index, step] of steps.entries()) applyStep(connection, index + 1, step);
}

function applyStep(connection: MigrationConnection, version: number, step: string): void {
  connection.exec('BEGIN IMMEDIATE');
  try {
    // Read again under the lock: a sibling process may have taken this step meanwhile.
    if (userVersion(connection) < version) {
      connection.exec(step);
      connection.exec(`PRAGMA user_version = ${version}`);
    }
    connection.exec('COMMIT');
  } catch (error) {
    connection.exec('ROLLBACK');
    throw error;
  }
}

function userVersion(connection: MigrationConnection): number {
  return Number(connection.pragma('user_version', { simple: true }));
}
