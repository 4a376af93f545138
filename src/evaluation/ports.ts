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
  /** The capture shows a map: wanted for this outcome, and focal enough to be shown. */
  readonly mapShown: boolean;
  /** Row spacing in mm, when the file says so (at the object where the file knows its magnification). */
  readonly mmPerPixel?: number;
  /** SHA-256 of the pixel data as stored: equal pixels under two names are one image. */
  readonly pixelSha256?: string;
  /** The file says of itself that it was simulated. */
  readonly simulated: boolean;
  readonly modelMs: number;
  /** From file to answer, without the result objects. */
  readonly totalMs: number;
}

export interface EvaluatedClass {
  readonly id: string;
  readonly label: string;
  readonly role: 'negative' | 'finding';
  readonly threshold?: number;
  readonly indeterminate?: readonly [from: number, to: number];
}

export interface EvaluatedModel {
  readonly id: string;
  readonly version: string;
  readonly sha256: string;
  /** SHA-256 of manifest.json: thresholds and calibration are part of what was measured. */
  readonly manifestSha256: string;
  readonly classes: readonly EvaluatedClass[];
  readonly intendedUse: string;
  readonly notFor: readonly string[];
  readonly trainingStatement: string;
  readonly simulated: boolean;
  readonly calibrated: boolean;
  readonly acceptance: Readonly<Record<string, unknown>>;
  /** Feature map that the maps explain, such as `features.8`, the last one. */
  readonly mapLayer: string;
  readonly provider: string;
  /** Images in flight, each in its own session. */
  readonly sessions: number;
  readonly threadsPerSession: number;
  /** Golden inputs of the package on this machine and this provider. */
  readonly parity: { readonly images: number; readonly largestDifference: number };
}

export interface EvaluationPipeline {
  readonly model: EvaluatedModel;
  /** Never throws for what an image can be blamed for. Up to `model.sessions` calls run at the same time. */
  analyse(path: string): Promise<EvaluatedImage>;
  /** A small JPEG of the secondary capture the node would have produced, without identity, for the failure gallery. */
  thumbnail(path: string): Promise<Uint8Array | undefined>;
  close(): Promise<void>;
}
