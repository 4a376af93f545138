import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { type ErrorCode, NodeError } from '../core/errors.ts';
import { migrate, schemaVersion } from './migrations/migrations.ts';

/** What a column or a parameter may hold. Booleans are 0 or 1; times are epoch milliseconds UTC. */
type SqlValue = string | number | bigint | Uint8Array | null;
export type SqlParameters = Readonly<Record<string, SqlValue>>;

/** A prepared statement with named parameters (`@name`). Every SQLite fault leaves as a `NodeError`. */
export interface Statement<Row> {
  get(parameters?: SqlParameters): Row | undefined;
  all(parameters?: SqlParameters): Row[];
  iterate(parameters?: SqlParameters): Iterable<Row>;
  /** Number of rows that the statement changed. */
  run(parameters?: SqlParameters): number;
}

/**
 * The one door to better-sqlite3. Every connection is WAL + synchronous=FULL and that is asserted, because
 * SQLite as compiled here reopens a WAL file with synchronous=NORMAL, which lost up to all acknowledged rows in
 * the power-cut simulation. Not safe to share between threads; each process opens its own.
 *
 * After any `STORE_IO` or `STORE_CORRUPT` the caller must stop the process: SQLite reports a failed fsync once
 * and then says "ok" (fail-stop rule).
 */
export class Database {
  readonly path: string;
  readonly access: 'read-write' | 'read-only';
  readonly #connection: BetterSqlite3.Database;
  readonly #statements = new Map<string, Statement<unknown>>();

  constructor(connection: BetterSqlite3.Database, access: 'read-write' | 'read-only') {
    this.#connection = connection;
    this.path = connection.name;
    this.access = access;
  }

  /** The statement for this text, prepared once per connection. `Row` names the columns it returns. */
  sql<Row = Readonly<Record<string, SqlValue>>>(text: string): Statement<Row> {
    const known = this.#statements.get(text);
    if (known !== undefined) return known as Statement<Row>;
    const made = wrap<Row>(guard(() => this.#connection.prepare<[SqlParameters], Row>(text)));
    this.#statements.set(text, made);
    return made;
  }

  /**
   * Runs `work` in one BEGIN IMMEDIATE transaction: all of it is on disk when this returns, or nothing is.
   * A call inside a running transaction joins it (savepoint). `work` must be synchronous.
   */
  transaction<T>(work: () => T): T {
    return guard(() => this.#connection.transaction(work).immediate());
  }

  /**
   * Runs `read` on one state of the database: what others commit meanwhile is not seen. Blocks nobody; while it runs
   * the write-ahead log cannot be emptied. `read` must be synchronous and must not write.
   */
  snapshot<T>(read: () => T): T {
    return guard(() => this.#connection.transaction(read).deferred());
  }

  /** The steps SQLite takes for a query, one line each; for tests that must see an index used. */
  queryPlan(text: string, parameters: SqlParameters = {}): string[] {
    const rows = this.sql<{ detail: string }>(`EXPLAIN QUERY PLAN ${text}`).all(parameters);
    return rows.map((row) => row.detail);
  }

  /** Throws STORE_CORRUPT unless `PRAGMA integrity_check` (of copies) or `quick_check` (at a start) says ok. */
  check(depth: 'quick' | 'full'): void {
    const pragma = depth === 'quick' ? 'quick_check(1)' : 'integrity_check(1)';
    const answer = String(guard(() => this.#connection.pragma(pragma, { simple: true })));
    if (answer !== 'ok') throw new NodeError('STORE_CORRUPT', `${depth} check of the database: ${answer}`);
  }

  /**
   * Writes a consistent copy of the live database to `path` (SQLite online backup). Does not fsync it. All pages are
   * copied in one step: between steps SQLite begins again whenever another process has written, and one always has.
   */
  async backupTo(path: string): Promise<void> {
    try {
      await this.#connection.backup(path, { progress: ({ totalPages }) => Math.max(1, totalPages) });
    } catch (error) {
      throw asStoreError(error);
    }
  }

  /** Moves the WAL into the database file and empties it; called on an orderly stop. */
  checkpoint(): void {
    guard(() => this.#connection.pragma('wal_checkpoint(TRUNCATE)'));
  }

  close(): void {
    guard(() => this.#connection.close());
  }
}

/**
 * Opens for reading and writing: creates the file when absent, brings its schema up to date, checks it. With `trusted`
 * the check is left to another: it reads the whole file, half a minute for a gigabyte.
 */
export function openDatabase(path: string, integrity: 'checked' | 'trusted' = 'checked'): Database {
  refuseNetworkFileSystem(path);
  const connection = connect(path, {});
  try {
    connection.pragma('journal_mode = WAL');
    setPragmas(connection);
    assertDurable(connection);
    const database = new Database(connection, 'read-write');
    if (integrity === 'checked') database.check('quick');
    migrate(connection);
    return database;
  } catch (error) {
    connection.close();
    throw asStoreError(error);
  }
}

/** Opens an existing database for the read commands; never writes and never migrates. NOT_FOUND when absent. */
export function openReadOnlyDatabase(path: string): Database {
  const connection = connect(path, { readonly: true, fileMustExist: true });
  try {
    setPragmas(connection);
    const version = Number(connection.pragma('user_version', { simple: true }));
    if (version > schemaVersion) throw newerSchema(version);
    if (version < schemaVersion) {
      throw new NodeError(
        'STORE_UNSAFE',
        `the database has schema ${version}, this release reads ${schemaVersion}; start the service once to upgrade it`,
      );
    }
    return new Database(connection, 'read-only');
  } catch (error) {
    connection.close();
    throw asStoreError(error);
  }
}

/**
 * Opens a copy of a database, also one that an older release made, to read what every schema has. Throws
 * STORE_NEWER_SCHEMA when a newer release made it, NOT_FOUND when it is absent.
 */
export function openDatabaseCopy(path: string): { readonly db: Database; readonly schemaVersion: number } {
  const connection = connect(path, { readonly: true, fileMustExist: true });
  try {
    setPragmas(connection);
    const version = Number(connection.pragma('user_version', { simple: true }));
    if (version > schemaVersion) {
      throw new NodeError(
        'STORE_NEWER_SCHEMA',
        `${path} was made by a newer release (schema ${version}, this one knows ${schemaVersion}); install that release or a later one, and restore it there`,
      );
    }
    return { db: new Database(connection, 'read-only'), schemaVersion: version };
  } catch (error) {
    connection.close();
    throw asStoreError(error);
  }
}

/** Makes a finished copy one single file (no -wal, no -shm), so that it can be moved and read anywhere. */
export function sealDatabaseCopy(path: string): void {
  const connection = connect(path, { fileMustExist: true });
  try {
    connection.pragma('journal_mode = DELETE');
  } catch (error) {
    throw asStoreError(error);
  } finally {
    connection.close();
  }
}

function connect(path: string, options: BetterSqlite3.Options): BetterSqlite3.Database {
  try {
    return new BetterSqlite3(path, { timeout: 5000, ...options });
  } catch (error) {
    if (error instanceof BetterSqlite3.SqliteError && error.code.startsWith('SQLITE_CANTOPEN')) {
      throw new NodeError(
        options.readonly === true ? 'NOT_FOUND' : 'STORE_IO',
        `cannot open the database ${path}`,
        { cause: error },
      );
    }
    throw asStoreError(error);
  }
}

function setPragmas(connection: BetterSqlite3.Database): void {
  for (const pragma of [
    'synchronous = FULL',
    'foreign_keys = ON',
    'busy_timeout = 5000',
    'cell_size_check = ON',
    'wal_autocheckpoint = 1000',
    'trusted_schema = OFF',
    'secure_delete = ON',
    // KiB. As compiled here each connection would keep 16 MB of pages, which the system's own cache holds as well.
    'cache_size = -4000',
  ]) {
    connection.pragma(pragma);
  }
}

function assertDurable(connection: BetterSqlite3.Database): void {
  const synchronous = Number(connection.pragma('synchronous', { simple: true }));
  const journalMode = String(connection.pragma('journal_mode', { simple: true }));
  if (synchronous !== 2 || journalMode !== 'wal') {
    throw new NodeError(
      'STORE_UNSAFE',
      `the database runs with synchronous=${synchronous}, journal_mode=${journalMode}; 2 and wal are needed`,
    );
  }
}

/** statfs(2) magic numbers of file systems on which WAL shared memory or fsync cannot be trusted. */
const networkFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
  [0x0bd00bd0, 'Lustre'],
]);

function refuseNetworkFileSystem(path: string): void {
  const type = statfsSync(dirname(path)).type >>> 0;
  const name = networkFileSystems.get(type);
  if (name !== undefined) {
    throw new NodeError(
      'STORE_UNSAFE',
      `the database folder lies on ${name}; SQLite in WAL mode needs a local disk`,
    );
  }
}

function newerSchema(version: number): NodeError {
  return new NodeError(
    'STORE_NEWER_SCHEMA',
    `the database has schema ${version}, this release knows ${schemaVersion}`,
  );
}

function wrap<Row>(statement: BetterSqlite3.Statement<[SqlParameters], Row>): Statement<Row> {
  return {
    get: (parameters = {}) => guard(() => statement.get(parameters)),
    all: (parameters = {}) => guard(() => statement.all(parameters)),
    iterate: (parameters = {}) => guard(() => statement.iterate(parameters)),
    run: (parameters = {}) => guard(() => statement.run(parameters).changes),
  };
}

function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw asStoreError(error);
  }
}

/** SQLite's result codes as the node's; what is not SQLite's passes unchanged. */
function asStoreError(error: unknown): unknown {
  if (!(error instanceof BetterSqlite3.SqliteError)) return error;
  return new NodeError(storeCode(error.code), `${error.code}: ${error.message}`, { cause: error });
}

function storeCode(sqliteCode: string): ErrorCode {
  if (sqliteCode.startsWith('SQLITE_BUSY') || sqliteCode.startsWith('SQLITE_LOCKED')) return 'STORE_BUSY';
  if (sqliteCode.startsWith('SQLITE_FULL')) return 'STORE_FULL';
  if (sqliteCode.startsWith('SQLITE_CORRUPT') || sqliteCode.startsWith('SQLITE_NOTADB'))
    return 'STORE_CORRUPT';
  if (/^SQLITE_(IOERR|READONLY|CANTOPEN|NOLFS|PERM|PROTOCOL)/.test(sqliteCode)) return 'STORE_IO';
  return 'BUG_INVARIANT';
}
