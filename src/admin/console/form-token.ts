import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const periodMs = 6 * 3_600_000;

/**
 * Proof that a form came from a page of this console (OWASP, HMAC-based token): bound to what the form does and to a
 * key that lives as long as this process. A page stays usable for six to twelve hours.
 */
export class FormTokens {
  readonly #key = randomBytes(32);
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(purpose: string): string {
    return this.#sign(purpose, this.#period());
  }

  accepts(purpose: string, token: string): boolean {
    const given = Buffer.from(token);
    return [this.#period(), this.#period() - 1].some((period) => {
      const expected = Buffer.from(this.#sign(purpose, period));
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
  }

  #period(): number {
    return Math.floor(this.#nowMs() / periodMs);
  }

  #sign(purpose: string, period: number): string {
    return createHmac('sha256', this.#key).update(`${period}\n${purpose}`).digest('base64url');
  }
}
