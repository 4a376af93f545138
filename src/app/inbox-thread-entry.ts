/** Entry of the thread that writes the listener's books (inbox-thread.ts): everything that waits, in one transaction. */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { hostClock, openStore } from '../store/store.ts';
import { writeBatch } from './inbox-batch.ts';
import type { FromInboxThread, InboxThreadData, ToInboxThread } from './inbox-thread.ts';

/** So that an answer is not held up by a crowd behind it. */
const mostAtOnce = 64;

const port = parentPort;
if (port !== null) {
  const { databasePath, atna, runId } = workerData as InboxThreadData;
  // The process has checked the file before it started this thread.
  const store = openStore({ databasePath, clock: hostClock, atna, integrity: 'trusted' });
  port.on('message', (first: ToInboxThread) => {
    const batch: Exclude<ToInboxThread, 'close'>[] = [];
    let message: ToInboxThread | undefined = first;
    while (message !== undefined && message !== 'close') {
      batch.push(message);
      message = batch.length < mostAtOnce ? received() : undefined;
    }
    if (batch.length > 0) {
      const answers = writeBatch(
        store,
        runId,
        batch.map(({ request }) => request),
      );
      port.postMessage(
        batch.flatMap(({ id }, index) => {
          const answer = answers[index];
          return answer === undefined ? [] : [{ id, answer }];
        }) satisfies FromInboxThread,
      );
    }
    if (message !== 'close') return;
    store.close();
    port.close();
  });

  function received(): ToInboxThread | undefined {
    return port === null ? undefined : (receiveMessageOnPort(port)?.message as ToInboxThread | undefined);
  }
}
