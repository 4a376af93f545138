import { duration, size } from '../text-layout.ts';
import { type Finding, failure, fine, warning } from './finding.ts';

export interface ReleaseFacts {
  readonly last: string | undefined;
  readonly offered: string;
  /** Below zero when the offered release is older than the one that ran last. */
  readonly order: number;
}

/** Which release ran last, and whether this one goes forward. */
export function judgeRelease({ last, offered, order }: ReleaseFacts): Finding {
  if (last === undefined) return fine('release', `this is ${offered}; no release has run here yet.`);
  if (order < 0)
    return warning(
      'release',
      `${last} ran here last; this is ${offered}, which is older.`,
      'Going back is install.sh --rollback (docs/upgrade.md).',
    );
  return fine('release', `${last} ran here last; this is ${offered}.`);
}

/** What the first start does to the database. `present` is undefined when there is none. */
export function judgeSchema(present: number | undefined, offered: number): Finding {
  if (present === undefined) return fine('schema', 'there is no database yet; the first start makes it.');
  if (present === offered)
    return fine('schema', `schema ${present}, as this release writes it: going back stays possible.`);
  return warning(
    'schema',
    `schema ${present}; the first start brings it to ${offered}, in one transaction a step.`,
    `The release before then refuses the database: make a backup first, which is the way back (docs/upgrade.md).`,
  );
}

/** A newer database is the one thing that no setting mends. */
export function judgeNewerSchema(detail: string): Finding {
  return failure(
    'schema',
    `${detail}.`,
    'Install the release that wrote it, or a later one; this one would not start.',
  );
}

const recentMs = 24 * 3_600_000;

/** Whether there is a way back when the upgrade goes wrong. */
export function judgeBackup(newestAtMs: number | undefined, nowMs: number): Finding {
  const advice = 'Make one with the release that runs now: lumbar-node backup.';
  if (newestAtMs === undefined) return warning('backup', 'there is no backup.', advice);
  const evidence = `the newest backup is ${duration(nowMs - newestAtMs)} old`;
  return nowMs - newestAtMs > recentMs
    ? warning('backup', `${evidence}.`, advice)
    : fine('backup', `${evidence}.`);
}

/** A step that changes every row writes the database once more into the write-ahead log. */
export function judgeRoom(databaseBytes: number, freeBytes: number): Finding {
  const evidence = `${size(freeBytes)} free, the database has ${size(databaseBytes)}`;
  return freeBytes > databaseBytes
    ? fine('room', `${evidence}.`)
    : warning('room', `${evidence}.`, 'Free as much before the first start; a step may write it once more.');
}
