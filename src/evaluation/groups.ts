import { type Estimate, wilson } from './statistics.ts';

/** A group below this size is shown grey and compared with nothing. */
export const smallestComparedGroup = 20;

export interface GroupMember {
  readonly columns: Readonly<Record<string, string>>;
  readonly patientId: string;
  /** Class index. */
  readonly truth: number;
  readonly called: number;
}

export interface GroupRow {
  readonly column: string;
  readonly value: string;
  readonly images: number;
  readonly patients: number;
  readonly accuracy: Estimate;
  /** Sensitivity by class, in the order of the class list. */
  readonly sensitivity: readonly Estimate[];
  /**
   * Against all other images of the column: `lower` or `higher` when the Wilson intervals of the two accuracies do not
   * meet, `not compared` below 20 images on either side. Many groups are looked at, so a difference is a question.
   */
  readonly comparison: 'lower' | 'higher' | 'no difference seen' | 'not compared';
}

const mostValues = 8;

/** Accuracy and sensitivities by the values of each column; a column of many numbers is cut at its quartiles. */
export function groupRows(
  members: readonly GroupMember[],
  columns: readonly string[],
  classes: number,
): GroupRow[] {
  return columns.flatMap((column) => {
    const groupOf = grouping(members.map(({ columns: cells }) => cells[column] ?? ''));
    return groupOf.names.map((value) => {
      const inside = members.filter((_, index) => groupOf.of[index] === value);
      const outside = members.filter((_, index) => groupOf.of[index] !== value);
      return { column, value, ...groupFigures(inside, classes), comparison: compare(inside, outside) };
    });
  });
}

function groupFigures(
  inside: readonly GroupMember[],
  classes: number,
): Omit<GroupRow, 'column' | 'value' | 'comparison'> {
  return {
    images: inside.length,
    patients: new Set(inside.map(({ patientId }) => patientId)).size,
    accuracy: accuracyOf(inside),
    sensitivity: Array.from({ length: classes }, (_, index) =>
      accuracyOf(inside.filter(({ truth }) => truth === index)),
    ),
  };
}

function accuracyOf(members: readonly GroupMember[]): Estimate {
  return wilson(members.filter(({ truth, called }) => truth === called).length, members.length);
}

function compare(inside: readonly GroupMember[], outside: readonly GroupMember[]): GroupRow['comparison'] {
  if (inside.length < smallestComparedGroup || outside.length < smallestComparedGroup) return 'not compared';
  const [here, there] = [accuracyOf(inside), accuracyOf(outside)];
  if (here.high < there.low) return 'lower';
  return here.low > there.high ? 'higher' : 'no difference seen';
}

/** The group of each cell and the groups in order; an empty cell is its own group. */
function grouping(cells: readonly string[]): {
  readonly of: readonly string[];
  readonly names: readonly string[];
} {
  const values = [...new Set(cells)].filter((cell) => cell !== '');
  const numeric = values.every((cell) => Number.isFinite(Number(cell)));
  if (!numeric || values.length <= mostValues) {
    const of = cells.map((cell) => (cell === '' ? '(empty)' : cell));
    const sorted = values.sort((a, b) => (numeric ? Number(a) - Number(b) : a < b ? -1 : 1));
    return { of, names: of.includes('(empty)') ? [...sorted, '(empty)'] : sorted };
  }
  const sorted = cells
    .filter((cell) => cell !== '')
    .map(Number)
    .sort((a, b) => a - b);
  const cut = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))] ?? 0;
  const edges = [...new Set([sorted[0] ?? 0, cut(0.25), cut(0.5), cut(0.75), sorted.at(-1) ?? 0])];
  const names = edges.slice(1).map((edge, index) => `${edges[index] ?? 0} to ${edge}`);
  const of = cells.map((cell) => {
    if (cell === '') return '(empty)';
    const place = edges.slice(1).findIndex((edge) => Number(cell) <= edge);
    return names[place] ?? '';
  });
  return { of, names: of.includes('(empty)') ? [...names, '(empty)'] : names };
}
