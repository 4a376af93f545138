/** One line of `model verify`. */
export interface Check {
  readonly name: string;
  readonly ok: boolean;
  /** What was seen, or what is wrong. */
  readonly evidence: string;
}
