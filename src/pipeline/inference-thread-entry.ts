/**
 * Entry of the inference thread: one ONNX Runtime session, requests in their order (see inference-thread.ts). Images that
 * came while the runtime was busy go into its next run together, where the provider gains by it.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { parentPort } from 'node:worker_threads';
import { asNodeError, NodeError } from '../core/errors.ts';
import type { ThreadReply, ThreadRequest } from './inference-thread.ts';
import {
  type BatchSession,
  type FineMapSession,
  largestBatch,
  openFineMap,
  openSession,
} from './onnx-session.ts';

type RunRequest = Extract<ThreadRequest, { kind: 'run' }>;

let session: BatchSession | undefined;
let fineMap: FineMapSession | undefined;
const waiting: ThreadRequest[] = [];
let isBusy = false;

parentPort?.on('message', (request: ThreadRequest) => {
  waiting.push(request);
  if (!isBusy) void work();
});

async function work(): Promise<void> {
  isBusy = true;
  for (;;) {
    // One turn of the loop hands over every message that came during the last run.
    await nextTurn();
    const images = imagesInFront();
    if (images.length > 0) {
      await runTogether(images);
      continue;
    }
    const request = waiting.shift();
    if (request === undefined || request.kind === 'run') break;
    await handle(request);
  }
  isBusy = false;
}

function imagesInFront(): RunRequest[] {
  const taken: RunRequest[] = [];
  const most = session === undefined ? 1 : largestBatch(session.provider);
  while (taken.length < most && waiting[0]?.kind === 'run') {
    taken.push(waiting[0]);
    waiting.shift();
  }
  return taken;
}

async function runTogether(requests: readonly RunRequest[]): Promise<void> {
  if (session === undefined) {
    for (const { id } of requests) tellFault(id, new NodeError('BUG_INVARIANT', 'the session is not open'));
    return;
  }
  const answers = await session.runAll(requests.map(({ image }) => image));
  for (const [index, { id }] of requests.entries()) {
    const answer = answers[index];
    if (answer?.ok) tell({ kind: 'output', id, output: answer.value });
    else tellFault(id, answer?.error ?? new NodeError('BUG_INVARIANT', 'a run without an answer'));
  }
}

async function handle(request: Exclude<ThreadRequest, RunRequest>): Promise<void> {
  const id = 'id' in request ? request.id : undefined;
  try {
    switch (request.kind) {
      case 'open': {
        const opened = await openSession(request, request.options);
        if (!opened.ok) throw opened.error;
        session = opened.value;
        // The runtime has the weights in a form of its own. Waiting for a collection would keep the file beside them.
        if (request.bytes.buffer instanceof ArrayBuffer) request.bytes.buffer.transfer(0);
        if (request.fineMap !== undefined) {
          const { provider } = session;
          fineMap = await openFineMap(request.fineMap, request.manifest, { ...request.options, provider });
        }
        tell({ kind: 'opened', provider: session.provider, failures: session.failures });
        break;
      }
      case 'evidence':
        if (fineMap === undefined) throw new NodeError('BUG_INVARIANT', 'the second graph is not open');
        tell({
          kind: 'output',
          id: request.id,
          output: await fineMap.run(request.image, request.classIndex),
        });
        break;
      case 'close':
        await fineMap?.close();
        await session?.close();
        parentPort?.close();
        break;
    }
  } catch (error) {
    tellFault(id, error);
  }
}

function tellFault(id: number | undefined, error: unknown): void {
  const { code, message } = asNodeError(error);
  tell({ kind: 'fault', id, code, message });
}

function tell(reply: ThreadReply): void {
  parentPort?.postMessage(reply);
}
