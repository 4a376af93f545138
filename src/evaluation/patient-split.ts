import { seededRandom } from './statistics.ts';

export const splitNames = ['train', 'val', 'test'] as const;
export type SplitName = (typeof splitNames)[number];

interface SplitRow {
  readonly patientId: string;
  readonly label: string;
  /** Of the list; empty when it has none. */
  readonly split: string;
}

/** Shares of patients in val and test; the rest trains. */
const held = { val: 0.15, test: 0.15 };

/**
 * The split of each patient: as the list says, or made when no row says anything. A made split draws 15 % of the
 * patients of each label for val and for test (at least one of each from three patients on), the same for the same list
 * and seed; a patient with several labels counts with the rarest of them.
 */
export function splitPatients(
  rows: readonly SplitRow[],
  seed: number,
): { readonly splits: ReadonlyMap<string, SplitName>; readonly problems: readonly string[] } {
  const given = rows.filter(({ split }) => split !== '');
  if (given.length === 0) return { splits: drawnSplit(rows, seed), problems: [] };
  const splits = new Map<string, SplitName>();
  const problems = new Set<string>();
  for (const { patientId, split } of rows) {
    const name = splitNames.find((entry) => entry === split);
    if (name !== undefined) splits.set(patientId, name);
    else
      problems.add(
        split === ''
          ? 'some rows have a split and some have none: fill all of them, or none'
          : `split "${split}" is not one of ${splitNames.join(', ')}`,
      );
  }
  return { splits, problems: [...problems] };
}

function drawnSplit(rows: readonly SplitRow[], seed: number): Map<string, SplitName> {
  const frequency = new Map<string, number>();
  for (const { label } of rows) frequency.set(label, (frequency.get(label) ?? 0) + 1);
  const rarest = new Map<string, string>();
  for (const { patientId, label } of rows) {
    const known = rarest.get(patientId);
    if (known === undefined || (frequency.get(label) ?? 0) < (frequency.get(known) ?? 0))
      rarest.set(patientId, label);
  }
  const random = seededRandom(seed);
  const splits = new Map<string, SplitName>();
  for (const label of [...frequency.keys()].sort()) {
    const patients = [...rarest].flatMap(([patient, of]) => (of === label ? [patient] : [])).sort();
    shuffle(patients, random);
    const take = (share: number): number =>
      patients.length < 3 ? 0 : Math.max(1, Math.round(share * patients.length));
    const [val, test] = [take(held.val), take(held.test)];
    patients.forEach((patient, index) => {
      splits.set(patient, index < val ? 'val' : index < val + test ? 'test' : 'train');
    });
  }
  return splits;
}

/** Fisher and Yates. */
function shuffle(values: string[], random: () => number): void {
  for (let i = values.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    const [a, b] = [values[i] ?? '', values[j] ?? ''];
    values[i] = b;
    values[j] = a;
  }
}
