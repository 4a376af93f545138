const dayMs = 24 * 60 * 60_000;

/**
 * When the golden images are run again: every day, and before the next image after any fault of this machine, so that
 * a graphics card or a memory that began to answer nonsense is found before it answers for a patient.
 */
export class SelfTestSchedule {
  readonly #monotonicMs: () => number;
  #ranAtMs: number;
  #isSuspicious = false;

  /** The model has just passed. */
  constructor(monotonicMs: () => number) {
    this.#monotonicMs = monotonicMs;
    this.#ranAtMs = monotonicMs();
  }

  get isDue(): boolean {
    return this.#isSuspicious || this.#monotonicMs() - this.#ranAtMs >= dayMs;
  }

  suspect(): void {
    this.#isSuspicious = true;
  }

  passed(): void {
    this.#isSuspicious = false;
    this.#ranAtMs = this.#monotonicMs();
  }
}
