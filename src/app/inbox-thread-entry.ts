/** Entry of the thread that writes the listener's books (inbox-thread.ts): everything that waits, in one transaction. */
import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { hostClock, openStore } from '../store/store.ts';
import { type InboxAnswer, writeBatch } from './inbox-batch.ts';
import type { FromInboxThread, InboxThreadData, ToInboxThread } from './inbox-thread.ts';

/** So that an answer is not held up by a crowd behind it. */
const mostAtOnce = 64;

if (parentPort !== null) serve(parentPort, workerData as InboxThreadData);

function serve(port: MessagePort, { databasePath, atna, runId }: InboxThreadData): void {
  // The process has checked the file before it started this thread.
  const store = openStore({ databasePath, clock: hostClock, atna, integrity: 'trusted' });
  port.on('message', (first: ToInboxThread) => {
    const { batch, isLast } = takeWaiting(port, first);
    const answers = writeBatch(
      store,
      runId,
      batch.map(({ request }) => request),
    );
    port.postMessage(numbered(batch, answers));
    if (!isLast) return;
    store.close();
    port.close();
  });
}

interface Waiting {
  readonly batch: readonly Exclude<ToInboxThread, 'close'>[];
  /** The listener has asked to close behind these. */
  readonly isLast: boolean;
}

/** The message that woke the thread and those that came while the last batch was on its way to the disk. */
function takeWaiting(port: MessagePort, first: ToInboxThread): Waiting {
  const batch: Exclude<ToInboxThread, 'close'>[] = [];
  let message: ToInboxThread | undefined = first;
  while (message !== undefined) {
    if (message === 'close') return { batch, isLast: true };
    batch.push(message);
    if (batch.length === mostAtOnce) break;
    message = receiveMessageOnPort(port)?.message as ToInboxThread | undefined;
  }
  return { batch, isLast: false };
}

function numbered(batch: Waiting['batch'], answers: readonly InboxAnswer[]): FromInboxThread {
  return batch.flatMap(({ id }, index) => {
    const answer = answers[index];
    return answer === undefined ? [] : [{ id, answer }];
  });
}
