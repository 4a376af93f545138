import { describe, expect, test } from 'vitest';
import { splitPatients } from '../../../src/evaluation/patient-split.ts';

const rows = Array.from({ length: 120 }, (_, index) => ({
  patientId: `fictional-${Math.floor(index / 2)}`,
  label: ['normal', 'spondylolysis', 'dls'][Math.floor(index / 2) % 3]!,
  split: '',
}));

describe('a split that is made', () => {
  test('holds 15 % of the patients of every label for val and for test', () => {
    const { splits, problems } = splitPatients(rows, 1);
    expect(problems).toEqual([]);
    for (const label of ['normal', 'spondylolysis', 'dls']) {
      const patients = new Set(rows.filter((row) => row.label === label).map(({ patientId }) => patientId));
      const count = (name: string): number => [...patients].filter((id) => splits.get(id) === name).length;
      expect([count('train'), count('val'), count('test')]).toEqual([14, 3, 3]);
    }
  });
  test('is the same for the same list and seed, in any order of the rows, and another for another seed', () => {
    const again = splitPatients([...rows].reverse(), 1).splits;
    const sorted = (splits: ReadonlyMap<string, string>): string =>
      JSON.stringify([...splits].sort(([a], [b]) => (a < b ? -1 : 1)));
    expect(sorted(again)).toBe(sorted(splitPatients(rows, 1).splits));
    expect(sorted(again)).not.toBe(sorted(splitPatients(rows, 2).splits));
  });
  test('gives val and test one patient each from three on, and keeps fewer for training', () => {
    const few = (count: number): string[] => {
      const list = Array.from({ length: count }, (_, i) => ({ patientId: `P${i}`, label: 'dls', split: '' }));
      return [...splitPatients(list, 1).splits.values()].sort();
    };
    expect(few(2)).toEqual(['train', 'train']);
    expect(few(3)).toEqual(['test', 'train', 'val']);
  });
});

describe('a split of the list', () => {
  test('is taken as it stands', () =>
    expect(splitPatients([{ patientId: 'P1', label: 'dls', split: 'val' }], 1).splits.get('P1')).toBe('val'));
  test('must be whole and use the three names', () =>
    expect(
      splitPatients(
        [
          { patientId: 'P1', label: 'dls', split: 'training' },
          { patientId: 'P2', label: 'dls', split: '' },
        ],
        1,
      ).problems,
    ).toEqual([
      'split "training" is not one of train, val, test',
      'some rows have a split and some have none: fill all of them, or none',
    ]));
});
