import type { DataSet } from '../../dicom/data-set.ts';

/** The simulator says so in Image Comments (0020,4000) of everything it writes. */
export function isSimulatedFile(dataSet: DataSet): boolean {
  return dataSet.string('ImageComments')?.startsWith('SIMULATED RADIOGRAPH') === true;
}

/**
 * Row spacing in mm: Pixel Spacing (0028,0030) where calibrated, else that of the detector (0018,1164) over the
 * magnification (0018,1114) where the file knows it. Undefined when the file has neither.
 */
export function spacingMm(dataSet: DataSet): number | undefined {
  const [calibrated] = dataSet.numbers('PixelSpacing');
  if (calibrated !== undefined && calibrated > 0) return calibrated;
  const [detector] = dataSet.numbers('ImagerPixelSpacing');
  if (detector === undefined || !(detector > 0)) return undefined;
  const magnification = dataSet.number('EstimatedRadiographicMagnificationFactor');
  return magnification !== undefined && magnification > 0 ? detector / magnification : detector;
}
