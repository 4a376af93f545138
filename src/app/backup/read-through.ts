import type { Runtime } from '../runtime.ts';
import type { DatabaseWork } from './database-work.ts';
import { requireWhole } from './scheduled-backup.ts';

/** The run of the service for which the whole database was read last. */
const readSetting = 'database.readFor';

/** Reads the database through behind the running node, once for each run of the service. Throws STORE_CORRUPT. */
export async function readThroughOnce(
  { store }: Pick<Runtime, 'store'>,
  bootId: string,
  work: Pick<DatabaseWork, 'check'>,
): Promise<void> {
  if (store.settings.get(readSetting) === bootId) return;
  if (await requireWhole(work)) store.settings.set(readSetting, bootId);
}
