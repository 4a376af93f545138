/** Several measurements of the same work: median, and the spread from smallest to largest. */
export interface Measured {
  readonly median: number;
  readonly least: number;
  readonly most: number;
  readonly runs: number;
}

/** One row of the result table. `ratio` is ours over the peer in the unit given; `bar` says what it must be. */
export interface BenchRow {
  readonly work: string;
  readonly unit: string;
  readonly ours: Measured;
  readonly peer: string;
  readonly theirs?: Measured;
  readonly ratio?: number;
  readonly bar?: Bar;
}

/** What the compared value (the ratio where there is a peer, else our median) must be. */
export interface Bar {
  readonly sign: '>=' | '<=';
  readonly value: number;
}

/** A suite measures one kind of work and returns its rows. */
export interface Suite {
  readonly name: string;
  run(context: BenchContext): Promise<readonly BenchRow[]>;
}

export interface BenchContext {
  /** A smoke run: the smallest amounts that exercise everything; its figures mean nothing. */
  readonly quick: boolean;
  /** Measured turns of each contender. */
  readonly runs: number;
  /** How full the books become (suite books). */
  readonly auditRows: number;
  /** Books to continue and to keep; absent: new ones in the scratch folder. */
  readonly booksFile?: string;
  /** Scratch folder on the disk under test; removed afterwards. */
  readonly folder: string;
  readonly say: (line: string) => void;
}

/** One of the things measured side by side; `once` does the work and returns its figure. */
export interface Contender {
  readonly name: string;
  readonly once: () => Promise<number>;
}

export function summarise(values: readonly number[]): Measured {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: quantile(sorted, 0.5),
    least: sorted[0] ?? Number.NaN,
    most: sorted.at(-1) ?? Number.NaN,
    runs: sorted.length,
  };
}

/** Linear interpolation between the closest ranks; `sorted` ascending. */
export function quantile(sorted: readonly number[], q: number): number {
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] ?? Number.NaN;
  const above = sorted[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Runs the contenders turn by turn, so that a slow minute of the machine hits all of them; one unmeasured warm-up each. */
export async function alternate(
  runs: number,
  contenders: readonly Contender[],
): Promise<ReadonlyMap<string, Measured>> {
  const values = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (const { once } of contenders) await once();
  for (let run = 0; run < runs; run++) {
    for (const { name, once } of contenders) values.get(name)?.push(await once());
  }
  return new Map([...values].map(([name, figures]) => [name, summarise(figures)]));
}

/** A row that compares ours with one peer of the same alternating run. */
export function compared(
  work: string,
  unit: string,
  results: ReadonlyMap<string, Measured>,
  pair: { readonly ours: string; readonly peer: string; readonly bar?: Bar },
): BenchRow {
  const ours = results.get(pair.ours);
  const theirs = results.get(pair.peer);
  if (ours === undefined || theirs === undefined)
    throw new Error(`not measured: ${pair.ours} or ${pair.peer}`);
  return {
    work,
    unit,
    ours,
    peer: pair.peer,
    theirs,
    ratio: ours.median / theirs.median,
    ...(pair.bar === undefined ? {} : { bar: pair.bar }),
  };
}

/** Whether a row meets its bar; undefined when it has none. */
export function meetsBar({ bar, ratio, ours }: BenchRow): boolean | undefined {
  if (bar === undefined) return undefined;
  const value = ratio ?? ours.median;
  return bar.sign === '>=' ? value >= bar.value : value <= bar.value;
}
