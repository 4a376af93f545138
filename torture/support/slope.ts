/**
 * Least-squares slope of y over x with the half width of its 95 % interval; the points should be nearly independent.
 * Throws when there are fewer than three.
 */
export function slopeWithInterval(points: readonly (readonly [x: number, y: number])[]): {
  readonly slope: number;
  readonly halfWidth: number;
} {
  if (points.length < 3) throw new Error(`no slope from ${points.length} points: three at least`);
  const meanX = mean(points.map(([x]) => x));
  const meanY = mean(points.map(([, y]) => y));
  const spread = sum(points.map(([x]) => (x - meanX) ** 2));
  const slope = sum(points.map(([x, y]) => (x - meanX) * (y - meanY))) / spread;
  const residual = sum(points.map(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2));
  const standardError = Math.sqrt(residual / (points.length - 2) / spread);
  return { slope, halfWidth: studentT(points.length - 2) * standardError };
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
