/** What a channel tells people: a cause, never a patient. The same id means the same message, however often it comes. */
export interface AlertMessage {
  readonly id: string;
  readonly kind: 'started' | 'recovered' | 'test';
  /** Stable key, such as `main:refusing`. */
  readonly cause: string;
  /** One sentence: what is wrong. */
  readonly summary: string;
  /** One sentence: what to do; empty after recovery. */
  readonly advice: string;
  readonly startedAtMs: number;
  readonly recoveredAtMs?: number;
}

/** Who speaks: receivers with several nodes must know which one. */
export interface AlertSource {
  readonly aeTitle: string;
  readonly stationName: string;
  readonly version: string;
  readonly timeZone: string;
}

/** A way to tell people. `send` resolves when the receiver has taken the message and throws otherwise. */
export interface AlertChannel {
  readonly name: 'webhook' | 'mail';
  send(message: AlertMessage, signal: AbortSignal): Promise<void>;
}
