/**
 * Least-squares slope of y over x with the half width of its 95 % interval. Neighbouring samples of memory are alike, so
 * the interval is taken from means of `perBlock` samples each, which are nearly independent.
 */
export function slopeWithInterval(
  points: readonly (readonly [x: number, y: number])[],
  perBlock: number,
): { readonly slope: number; readonly halfWidth: number } {
  const blocks: (readonly [number, number])[] = [];
  for (let at = 0; at + perBlock <= points.length; at += perBlock) {
    const block = points.slice(at, at + perBlock);
    blocks.push([mean(block.map(([x]) => x)), mean(block.map(([, y]) => y))]);
  }
  if (blocks.length < 3) return { slope: Number.NaN, halfWidth: Number.NaN };
  const meanX = mean(blocks.map(([x]) => x));
  const meanY = mean(blocks.map(([, y]) => y));
  const spread = sum(blocks.map(([x]) => (x - meanX) ** 2));
  const slope = sum(blocks.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const residual = sum(blocks.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2));
  const standardError = Math.sqrt(residual / (blocks.length - 2) / spread);
  return { slope, halfWidth: studentT(blocks.length - 2) * standardError };
}

/** 97.5 % quantile of Student's t, rounded up between the tabulated degrees of freedom. */
function studentT(degrees: number): number {
  const table: readonly (readonly [number, number])[] = [
    [1, 12.71],
    [2, 4.3],
    [3, 3.18],
    [4, 2.78],
    [5, 2.57],
    [7, 2.36],
    [10, 2.23],
    [15, 2.13],
    [20, 2.09],
    [30, 2.04],
  ];
  return table.findLast(([from]) => degrees >= from)?.[1] ?? 12.71;
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function mean(values: readonly number[]): number {
  return sum(values) / values.length;
}
