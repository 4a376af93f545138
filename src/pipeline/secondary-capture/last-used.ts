/**
 * Keeps what was asked for in the last `uses` calls, by key; older values are made again. What is kept follows the
 * calls and not a number of values, so that those which nobody asks for any more do not fill it up over an hour.
 */
export class LastUsed<Value> {
  readonly #uses: number;
  /** The longest unused first: a value that is asked for goes to the end. */
  readonly #kept = new Map<string, { readonly value: Value; readonly askedAt: number }>();
  #asked = 0;

  constructor(uses: number) {
    this.#uses = uses;
  }

  get(key: string, make: () => Value): Value {
    this.#asked += 1;
    const value = this.#kept.get(key)?.value ?? make();
    this.#kept.delete(key);
    this.#kept.set(key, { value, askedAt: this.#asked });
    for (const [other, { askedAt }] of this.#kept) {
      if (this.#asked - askedAt < this.#uses) break;
      this.#kept.delete(other);
    }
    return value;
  }
}
