import type { NodeError } from '../../core/errors.ts';
import { ok, type Result } from '../../core/result.ts';
import { copyAttributes } from '../../dicom/attribute-copy.ts';
import type { DataSet } from '../../dicom/data-set.ts';
import type { WritableDataSet } from '../../dicom/part10-writer.ts';

/**
 * The gray scale of a source in the terms of a presentation state (PS3.3 C.11.1, C.11.8, C.11.6). A state that left
 * them out would mean identity, and applying it would show another picture than the source alone does.
 * Plain attributes, so that they can be kept as JSON.
 */
export interface SoftcopyGrayscale {
  readonly attributes: WritableDataSet;
}

/** Reads Modality LUT or rescale, the first VOI LUT or window, and polarity. Error: DATASET_CHARSET. */
export function readSoftcopyGrayscale(source: DataSet): Result<SoftcopyGrayscale, NodeError> {
  const modality = copyAttributes(source, [
    'ModalityLUTSequence',
    'RescaleIntercept',
    'RescaleSlope',
    'RescaleType',
  ]);
  if (!modality.ok) return modality;
  const voi = copyAttributes(source, ['VOILUTSequence', 'WindowCenter', 'WindowWidth', 'VOILUTFunction']);
  if (!voi.ok) return voi;
  const inverse = source.string('PhotometricInterpretation') === 'MONOCHROME1';
  const item = firstVoi(voi.value);
  return ok({
    attributes: {
      ...(modality.value['ModalityLUTSequence'] === undefined
        ? rescale(modality.value)
        : { ModalityLUTSequence: modality.value['ModalityLUTSequence'] }),
      ...(item === undefined ? {} : { SoftcopyVOILUTSequence: [item] }),
      PresentationLUTShape: inverse ? 'INVERSE' : 'IDENTITY',
    },
  });
}

/** All three of rescale or none (C.11.1: Intercept requires Slope and Type). */
function rescale(copied: WritableDataSet): WritableDataSet {
  const { RescaleIntercept: intercept, RescaleSlope: slope, RescaleType: type } = copied;
  if (intercept === undefined || slope === undefined) return {};
  return { RescaleIntercept: intercept, RescaleSlope: slope, RescaleType: type ?? 'US' };
}

/** What a viewer applies first: the first LUT, otherwise the first window. */
function firstVoi(copied: WritableDataSet): WritableDataSet | undefined {
  const luts = copied['VOILUTSequence'];
  if (Array.isArray(luts) && luts.length > 0)
    return { VOILUTSequence: luts.slice(0, 1) as WritableDataSet[] };
  const center = first(copied['WindowCenter']);
  const width = first(copied['WindowWidth']);
  if (center === undefined || width === undefined) return undefined;
  const shape = first(copied['VOILUTFunction']);
  return {
    WindowCenter: center,
    WindowWidth: width,
    ...(shape === undefined ? {} : { VOILUTFunction: shape }),
  };
}

function first(value: WritableDataSet[string]): string | undefined {
  const one: unknown = Array.isArray(value) ? value[0] : value;
  return typeof one === 'string' && one !== '' ? one : undefined;
}
