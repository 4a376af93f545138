import type { ModelManifest } from '../../src/pipeline/model-package.ts';

/** A manifest as a trained package would have it; tests change what they are about. */
export function manifestFixture(changes: Partial<ModelManifest> = {}): ModelManifest {
  return {
    schema: 1,
    id: 'fictional-model',
    name: 'Fictional model',
    version: '1.0.0',
    file: 'model.onnx',
    sha256: '0'.repeat(64),
    sizeBytes: 1,
    licence: 'Apache-2.0',
    clinicalUse: false,
    intendedUse: 'tests',
    notFor: [],
    trainingData: { kind: 'simulated', statement: 'Trained on simulated radiographs only.' },
    input: { name: 'image', size: 64, range: [0, 1] },
    preprocess: [
      { step: 'modality-lut' },
      { step: 'voi', fallback: { method: 'percentile', low: 1, high: 99 } },
      { step: 'monochrome1', action: 'invert' },
      { step: 'shutter', action: 'mask' },
      { step: 'letterbox', size: 64, filter: 'triangle-antialias', pad: 0 },
    ],
    outputs: { logits: 'logits', cam: 'cam', features: 'features', stats: 'stats' },
    classes: [
      { id: 'normal', role: 'negative', label: 'normal' },
      {
        id: 'spondylolysis',
        role: 'finding',
        label: 'spondylolysis',
        threshold: 0.5,
        indeterminate: [0.35, 0.5],
      },
      {
        id: 'dls',
        role: 'finding',
        label: 'degenerative spondylolisthesis',
        threshold: 0.5,
        indeterminate: [0.35, 0.5],
      },
    ],
    calibration: {
      method: 'temperature',
      temperature: 1,
      fittedOn: { images: 100, what: 'validation split' },
    },
    cam: { layer: 'features.8', stride: 32, grid: [2, 2], focalLimit: 0.5 },
    golden: [],
    ...changes,
  };
}
