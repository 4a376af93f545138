/** How the node stands at one moment, as metrics, `/readyz` and alerts need it. Times are epoch milliseconds UTC. */
export interface Readings {
  readonly nowMs: number;
  readonly version: string;
  readonly queues: readonly QueueReading[];
  readonly senders: readonly { readonly sender: string; readonly lastImageAtMs: number }[];
  readonly disk: { readonly freeBytes: number; readonly watermarkBytes: number };
  /** False when the files on disk would be refused by a reload; the configuration in force is always valid. */
  readonly configValid: boolean;
  /** The model that the worker loaded last, after its golden self-test. */
  readonly model?: ModelReading;
  readonly processes: readonly ProcessReading[];
  readonly activeAlerts: readonly { readonly cause: string }[];
}

/** One place where things wait. `queue` is from a fixed list, or `delivery:` and `parked:` with a destination. */
export interface QueueReading {
  readonly queue: string;
  readonly depth: number;
  readonly oldestAtMs: number | null;
}

export interface ModelReading {
  readonly id: string;
  readonly sha256: string;
  readonly provider: string;
}

export interface ProcessReading {
  readonly name: string;
  readonly state: 'serving' | 'starting' | 'down' | 'given-up';
  readonly deaths: number;
  readonly rssBytes: number;
  readonly loopLagMs: number;
}
