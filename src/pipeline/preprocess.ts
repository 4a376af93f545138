import type { DataSet } from '../dicom/data-set.ts';
import { type DisplayedImage, displayGrayscale } from '../imaging/grayscale.ts';
import { buildLetterbox, type Letterbox } from '../imaging/letterbox.ts';
import type { StoredPixels } from '../imaging/stored-pixels.ts';
import type { ModelManifest } from './model-package.ts';

/** The picture as a viewer shows it, the model's input made from it, and the exact way back. */
export interface PreparedImage {
  readonly display: DisplayedImage;
  readonly letterbox: Letterbox;
  /** float32[S*S] row-major in [0,1]; the graph normalises inside. */
  readonly input: Float32Array;
}

/**
 * Runs the closed list of steps that the manifest names, in the order of views.md 2.1: Modality LUT, VOI,
 * MONOCHROME1 once, shutter, letterbox. The manifest's schema admits no other step, so training and serving see the
 * same pixels.
 */
export function prepareImage(pixels: StoredPixels, dataSet: DataSet, manifest: ModelManifest): PreparedImage {
  const voi = manifest.preprocess.find((step) => step.step === 'voi');
  const display = displayGrayscale(pixels, dataSet, {
    fallbackPercentiles: [voi?.fallback.low ?? 1, voi?.fallback.high ?? 99],
  });
  const letterbox = buildLetterbox({
    columns: display.columns,
    rows: display.rows,
    pixelAspectRatio: display.pixelAspectRatio,
    size: manifest.input.size,
  });
  return { display, letterbox, input: letterbox.apply(display.pixels) };
}
