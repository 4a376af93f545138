import type { DataSet } from '../dicom/data-set.ts';
import { lookUp, readLookupTable } from './lookup-table.ts';

export type WindowFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/** What was applied as value of interest, stored with the result so that a run can be reproduced. */
export interface VoiDescription {
  /** `lut` VOI LUT Sequence, `window` Window Center and Width, `percentile` neither was usable. */
  readonly source: 'lut' | 'window' | 'percentile';
  readonly function?: WindowFunction;
  readonly center?: number;
  readonly width?: number;
  /** LUT Explanation or Window Center & Width Explanation. */
  readonly explanation?: string;
}

/** Modality value to displayed value in [0,1], before any inversion. */
export interface VoiTransform {
  readonly apply: (modalityValue: number) => number;
  readonly description: VoiDescription;
  readonly notes: readonly string[];
}

/**
 * The VOI transformation that the data set states (PS3.3 C.11.2, C.7.6.16): the first VOI LUT, else the first window
 * with its function, else undefined (nothing stated, or not usable: Width below its minimum, a decimal comma).
 *
 * @param modalityMinimum least possible modality value; below 0 makes a LUT's first mapped value signed
 */
export function readVoiTransform(dataSet: DataSet, modalityMinimum: number): VoiTransform | undefined {
  const [item] = dataSet.sequence('VOILUTSequence');
  const table =
    item === undefined ? undefined : readLookupTable(item, modalityMinimum < 0 ? 'signed' : 'unsigned');
  if (table !== undefined) {
    return {
      apply: (value) => lookUp(table, value) / table.outputMaximum,
      description: {
        source: 'lut',
        ...(table.explanation === undefined ? {} : { explanation: table.explanation }),
      },
      notes: [],
    };
  }
  const window = readWindow(dataSet);
  if (window === undefined || item === undefined) return window;
  return { ...window, notes: [...window.notes, 'VOI_LUT_UNREADABLE'] };
}

/** The linear ramp between two percentiles, used when the data set states no usable window. */
export function percentileTransform(low: number, high: number): VoiTransform {
  const width = high - low;
  return {
    apply: (value) => (width > 0 ? clamp01((value - low) / width) : Number(value > low)),
    description: { source: 'percentile', function: 'LINEAR_EXACT', center: (low + high) / 2, width },
    notes: ['VOI_FALLBACK'],
  };
}

/**
 * The three window functions of PS3.3 C.11.2.1.2 and C.11.2.1.3 with output range 0 to 1. LINEAR needs a width of
 * at least 1, the other two a width above 0; the caller has checked that.
 */
export function windowFunction(
  name: WindowFunction,
  center: number,
  width: number,
): (value: number) => number {
  switch (name) {
    case 'LINEAR':
      return (x) => {
        if (x <= center - 0.5 - (width - 1) / 2) return 0;
        if (x > center - 0.5 + (width - 1) / 2) return 1;
        return (x - (center - 0.5)) / (width - 1) + 0.5;
      };
    case 'LINEAR_EXACT':
      return (x) => {
        if (x <= center - width / 2) return 0;
        if (x > center + width / 2) return 1;
        return (x - center) / width + 0.5;
      };
    case 'SIGMOID':
      return (x) => 1 / (1 + Math.exp((-4 * (x - center)) / width));
  }
}

function readWindow(dataSet: DataSet): VoiTransform | undefined {
  const center = dataSet.number('WindowCenter');
  const width = dataSet.number('WindowWidth');
  if (center === undefined || width === undefined) return undefined;
  const stated = dataSet.string('VOILUTFunction') ?? 'LINEAR';
  const isKnown = stated === 'LINEAR' || stated === 'LINEAR_EXACT' || stated === 'SIGMOID';
  const name = isKnown ? stated : 'LINEAR';
  if (name === 'LINEAR' ? width < 1 : width <= 0) return undefined;
  const explanation = dataSet.string('WindowCenterWidthExplanation');
  return {
    apply: windowFunction(name, center, width),
    description: {
      source: 'window',
      function: name,
      center,
      width,
      ...(explanation === undefined ? {} : { explanation }),
    },
    notes: isKnown ? [] : ['VOI_FUNCTION_UNKNOWN'],
  };
}

function clamp01(value: number): number {
  return Math.min(Math.max(value, 0), 1);
}
