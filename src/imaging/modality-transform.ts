import type { DataSet } from '../dicom/data-set.ts';
import { lookUp, readLookupTable } from './lookup-table.ts';

/** Stored value to modality value (PS3.3 C.11.1, C.7.6.16.2.9): by table or by slope and intercept, never both. */
export interface ModalityTransform {
  readonly apply: (storedValue: number) => number;
  readonly notes: readonly string[];
}

/** Reads the Modality LUT Sequence, else Rescale Slope and Intercept, else the identity. Faults become notes. */
export function readModalityTransform(dataSet: DataSet, sign: 'signed' | 'unsigned'): ModalityTransform {
  const slope = dataSet.number('RescaleSlope');
  const intercept = dataSet.number('RescaleIntercept');
  const hasRescale = slope !== undefined || intercept !== undefined;
  const [item] = dataSet.sequence('ModalityLUTSequence');
  if (item !== undefined) {
    const table = readLookupTable(item, sign);
    if (table !== undefined) {
      const isIdentity = (slope ?? 1) === 1 && (intercept ?? 0) === 0;
      return {
        apply: (value) => lookUp(table, value),
        notes: hasRescale && !isIdentity ? ['MODALITY_LUT_OVER_RESCALE'] : [],
      };
    }
    return { ...rescale(slope, intercept), notes: ['MODALITY_LUT_UNREADABLE'] };
  }
  return rescale(slope, intercept);
}

function rescale(slope: number | undefined, intercept: number | undefined): ModalityTransform {
  if (slope === 0) return { apply: (value) => value, notes: ['RESCALE_SLOPE_ZERO_IGNORED'] };
  const [a, b] = [slope ?? 1, intercept ?? 0];
  return { apply: (value) => value * a + b, notes: [] };
}
