import type { Outcome } from '../core/outcome.ts';

/** What the production pipeline said about one file; the evaluation knows no other way to get an answer. */
export interface EvaluatedImage {
  readonly disposition: 'analysed' | 'refused' | 'skipped' | 'held' | 'failed';
  readonly outcome?: Outcome;
  /** Reason codes with details when there was no answer. */
  readonly reasons: readonly string[];
  /** By class id; present for analysed images. */
  readonly probabilities?: Readonly<Record<string, number>>;
  /** Peak of the map in source pixels. */
  readonly peak?: { readonly x: number; readonly y: number };
  readonly mapShown: boolean;
  /** Row spacing in the image plane, mm, when the file says so. */
  readonly mmPerPixel?: number;
  readonly modelMs: number;
}

export interface EvaluationPipeline {
  readonly model: {
    readonly id: string;
    readonly version: string;
    readonly sha256: string;
    readonly classIds: readonly string[];
    readonly trainingStatement: string;
    readonly simulated: boolean;
    readonly provider: string;
    readonly acceptance: Readonly<Record<string, unknown>>;
  };
  analyse(path: string): Promise<EvaluatedImage>;
  /** A small PNG of the secondary capture the node would have produced, for the failure gallery. */
  thumbnail(path: string): Promise<Uint8Array | undefined>;
}
