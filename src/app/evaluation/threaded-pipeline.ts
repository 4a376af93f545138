import { availableParallelism } from 'node:os';
import type { EvaluatedImage, EvaluationPipeline } from '../../evaluation/ports.ts';
import { openThreadPool } from '../thread-pool.ts';
import type { EvaluationJob, EvaluationThreadData, ThreadFacts } from './evaluation-thread.ts';

export interface PipelineOptions {
  readonly modelFolder: string;
  readonly providers: EvaluationThreadData['providers'];
  readonly map: EvaluationThreadData['map'];
  readonly released: boolean;
  /** Images in flight; each has a session of its own. */
  readonly sessions: number;
}

/**
 * The production pipeline in worker threads: while one image is in the network another is decoded, and Ctrl-C is heard
 * at once although onnxruntime blocks the thread it runs in. The processor's cores are shared out evenly.
 */
export async function openThreadedPipeline(options: PipelineOptions): Promise<EvaluationPipeline> {
  const threads = Math.max(1, Math.floor(availableParallelism() / options.sessions));
  const { modelFolder, providers, map, released } = options;
  const pool = await openThreadPool<ThreadFacts, EvaluationJob, EvaluatedImage | Uint8Array | undefined>({
    module: new URL('./evaluation-thread.ts', import.meta.url),
    data: { modelFolder, providers, map, released, threads } satisfies EvaluationThreadData,
    threads: options.sessions,
  });
  return {
    model: { ...pool.facts, sessions: options.sessions, threadsPerSession: threads },
    analyse: async (path) => (await pool.run({ verb: 'analyse', path })) as EvaluatedImage,
    thumbnail: async (path) => (await pool.run({ verb: 'thumbnail', path })) as Uint8Array | undefined,
    close: () => pool.close(),
  };
}
