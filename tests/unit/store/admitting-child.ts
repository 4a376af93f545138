import { newUlid } from '../../../src/core/identifiers.ts';
import { hostClock, openStore } from '../../../src/store/store.ts';
import { image } from './store-fixture.ts';

/** Admits images without end and tells each id only after its commit, as the listener answers 0000H. */
const store = openStore({ databasePath: process.argv[2] ?? '', clock: hostClock });
for (let n = 1; ; n++) {
  const record = { ...image(n), instanceId: newUlid(hostClock.nowMs()) };
  store.inbox.admit(record);
  process.send?.(record.instanceId);
  // Lets the message leave before the next commit blocks the loop.
  await new Promise((resolve) => setImmediate(resolve));
}
