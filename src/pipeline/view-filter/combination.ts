/** One voice about one dimension. `value` is `undefined` for "unknown". Rank 1 is coded, 5 is study text. */
export interface Voice<T extends string> {
  readonly rank: 1 | 2 | 3 | 4;
  readonly value: T | undefined;
}

/** What the voices of ranks 1 to 4 agree on. */
export interface Combined<T extends string> {
  readonly value: T | undefined;
  readonly conflict: boolean;
}

/**
 * The combination rule: all that speak agree, or rank 1 wins when a lower rank agrees with it; anything else that
 * contradicts is unknown with a conflict. Never a majority. A rank that contradicts itself agrees with nobody.
 */
export function combine<T extends string>(voices: readonly Voice<T>[]): Combined<T> {
  const spoken = voices.flatMap(({ rank, value }) => (value === undefined ? [] : [{ rank, value }]));
  const values = new Set(spoken.map((voice) => voice.value));
  const [only] = values;
  if (values.size <= 1) return { value: only, conflict: false };
  const ofRank = (rank: number): ReadonlySet<T> =>
    new Set(spoken.filter((voice) => voice.rank === rank).map((voice) => voice.value));
  const [coded, ...more] = ofRank(1);
  if (coded === undefined || more.length > 0) return { value: undefined, conflict: true };
  const supported = [2, 3, 4].some((rank) => ofRank(rank).size === 1 && ofRank(rank).has(coded));
  return supported ? { value: coded, conflict: false } : { value: undefined, conflict: true };
}
