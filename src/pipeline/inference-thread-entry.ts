/** Entry of the inference thread: one ONNX Runtime session, one request at a time (see inference-thread.ts). */
import { parentPort } from 'node:worker_threads';
import { asNodeError, NodeError } from '../core/errors.ts';
import type { ThreadReply, ThreadRequest } from './inference-thread.ts';
import { type FineMapSession, type ModelSession, openFineMap, openSession } from './onnx-session.ts';

let session: ModelSession | undefined;
let fineMap: FineMapSession | undefined;
let previous: Promise<void> = Promise.resolve();

parentPort?.on('message', (request: ThreadRequest) => {
  previous = previous.then(() => handle(request));
});

async function handle(request: ThreadRequest): Promise<void> {
  const id = 'id' in request ? request.id : undefined;
  try {
    switch (request.kind) {
      case 'open': {
        const opened = await openSession(request, request.options);
        if (!opened.ok) throw opened.error;
        session = opened.value;
        if (request.fineMap !== undefined) {
          const { provider } = session;
          fineMap = await openFineMap(request.fineMap, request.manifest, { ...request.options, provider });
        }
        tell({ kind: 'opened', provider: session.provider, failures: session.failures });
        break;
      }
      case 'run':
        if (session === undefined) throw new NodeError('BUG_INVARIANT', 'the session is not open');
        tell({ kind: 'output', id: request.id, output: await session.run(request.image) });
        break;
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
    const { code, message } = asNodeError(error);
    tell({ kind: 'fault', id, code, message });
  }
}

function tell(reply: ThreadReply): void {
  parentPort?.postMessage(reply);
}
