import { Worker } from 'node:worker_threads';
import { type ErrorCode, NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ModelManifest, ModelPackage } from './model-package.ts';
import type {
  FineEvidence,
  ModelOutput,
  ModelSession,
  Provider,
  ProviderFailure,
  SessionOptions,
} from './onnx-session.ts';
import { refuseRuntimeTelemetry } from './runtime-telemetry.ts';

export type ThreadRequest =
  | {
      readonly kind: 'open';
      readonly bytes: Uint8Array;
      readonly manifest: ModelManifest;
      readonly options: SessionOptions;
      /** The second graph, complete, where finer maps are wanted. */
      readonly fineMap: Uint8Array | undefined;
    }
  | { readonly kind: 'run'; readonly id: number; readonly image: Float32Array }
  | {
      readonly kind: 'evidence';
      readonly id: number;
      readonly image: Float32Array;
      readonly classIndex: number;
    }
  | { readonly kind: 'close' };

export type ThreadReply =
  | { readonly kind: 'opened'; readonly provider: Provider; readonly failures: readonly ProviderFailure[] }
  | { readonly kind: 'output'; readonly id: number; readonly output: ModelOutput | FineEvidence }
  | {
      readonly kind: 'fault';
      readonly id: number | undefined;
      readonly code: ErrorCode;
      readonly message: string;
    };

/**
 * Opens the model in a thread of its own. ONNX Runtime's `run` blocks the thread that calls it for the whole forward
 * pass; here that thread has nothing else to do, so that decoding, composing and commits of one image go on while
 * another is inferred, and the process still answers its supervisor. Runs are taken in the order they were asked for.
 */
export async function openThreadedSession(
  model: ModelPackage,
  options: SessionOptions,
  fineMap?: Uint8Array,
): Promise<Result<ModelSession, NodeError>> {
  refuseRuntimeTelemetry();
  const thread = new Worker(new URL('./inference-thread-entry.ts', import.meta.url));
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  const opened = Promise.withResolvers<Result<ModelSession, NodeError>>();
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));
  let lastId = 0;
  let end: NodeError | undefined;
  const fail = (fault: NodeError): void => {
    end ??= fault;
    opened.resolve(err(fault));
    for (const run of waiting.values()) run.reject(fault);
    waiting.clear();
  };
  thread.on('message', (reply: ThreadReply) => {
    switch (reply.kind) {
      case 'opened':
        opened.resolve(
          ok({
            provider: reply.provider,
            failures: reply.failures,
            run,
            ...(fineMap === undefined ? {} : { fineEvidence }),
            close,
          }),
        );
        break;
      case 'output':
        waiting.get(reply.id)?.resolve(reply.output);
        waiting.delete(reply.id);
        break;
      case 'fault': {
        const fault = new NodeError(reply.code, reply.message);
        if (reply.id === undefined) {
          fail(fault);
          void thread.terminate();
          break;
        }
        waiting.get(reply.id)?.reject(fault);
        waiting.delete(reply.id);
        break;
      }
    }
  });
  thread.on('error', (cause) =>
    fail(new NodeError('MODEL_PROVIDER', 'the inference thread failed', { cause })),
  );
  thread.on('exit', () => fail(new NodeError('MODEL_PROVIDER', 'the inference thread has ended')));

  // The kind of a request settles the type of its answer: `run` gets an output, `evidence` its evidence.
  function ask(request: (id: number) => ThreadRequest): Promise<unknown> {
    if (end !== undefined) return Promise.reject(end);
    const id = ++lastId;
    const answer = Promise.withResolvers<unknown>();
    waiting.set(id, answer);
    thread.postMessage(request(id));
    return answer.promise;
  }
  const run = async (image: Float32Array): Promise<ModelOutput> =>
    (await ask((id) => ({ kind: 'run', id, image }))) as ModelOutput;
  const fineEvidence = async (image: Float32Array, classIndex: number): Promise<FineEvidence> =>
    (await ask((id) => ({ kind: 'evidence', id, image, classIndex }))) as FineEvidence;
  async function close(): Promise<void> {
    thread.postMessage({ kind: 'close' } satisfies ThreadRequest);
    await exited;
  }
  // The thread gets a copy of its own and lets go of it when the session is made from it.
  const bytes = Uint8Array.from(model.bytes);
  const request: ThreadRequest = { kind: 'open', bytes, manifest: model.manifest, options, fineMap };
  thread.postMessage(request, [bytes.buffer]);
  return opened.promise;
}
