import type { AuditAnchor, AuditLog } from '../store/audit-log.ts';

const rowsPerStep = 500;
const passEveryMs = 86_400_000;

/** Recomputes the audit chain a little at a time, so that nothing stands still; a new pass begins every day. */
export class AuditChainWatch {
  readonly #audit: Pick<AuditLog, 'verifyPart'>;
  #place: AuditAnchor | undefined;
  #finding: string | undefined;
  #passBeganAtMs: number | undefined;
  #isDone = false;

  constructor(audit: Pick<AuditLog, 'verifyPart'>) {
    this.#audit = audit;
  }

  /** What is broken, or undefined as far as has been looked. */
  get finding(): string | undefined {
    return this.#finding;
  }

  step(nowMs: number): void {
    if (this.#passBeganAtMs === undefined || (this.#isDone && nowMs - this.#passBeganAtMs >= passEveryMs)) {
      this.#passBeganAtMs = nowMs;
      this.#place = undefined;
      this.#isDone = false;
    }
    if (this.#isDone) return;
    const part = this.#audit.verifyPart(this.#place, rowsPerStep);
    if (part.kind === 'broken') {
      this.#finding = part.finding;
      this.#isDone = true;
      return;
    }
    this.#place = part.place;
    if (part.kind === 'end') {
      this.#finding = undefined;
      this.#isDone = true;
    }
  }
}
