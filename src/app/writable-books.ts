import { hostClock, openStore, type Store } from '../store/store.ts';
import { type Books, withBooks } from './books.ts';

/** The books with a store that an operator's command may change. */
export interface WritableBooks extends Omit<Books, 'store'> {
  readonly store: Store;
}

/**
 * Opens the database for a change beside a running node or without one. The processes see the change at their next
 * look at the database. NOT_FOUND when the node was never started: a command never makes a database.
 */
export function withWritableBooks<T>(
  configFolder: string,
  change: (books: WritableBooks) => T | Promise<T>,
): Promise<T> {
  return withBooks(configFolder, async (books) => {
    const store = openStore({
      databasePath: books.folders.database,
      clock: hostClock,
      integrity: 'trusted',
      atna: books.config.audit.syslog === undefined ? 'off' : 'queue',
    });
    try {
      return await change({ ...books, store });
    } finally {
      store.close();
    }
  });
}
