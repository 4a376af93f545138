import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { NodeError } from '../../core/errors.ts';
import { sha256Hex } from '../../core/identifiers.ts';
import { textTable } from '../../core/text-table.ts';
import { readManifest } from '../../pipeline/model-package.ts';
import { describeOnnx, type OnnxDescription, type OnnxValue } from '../../pipeline/onnx-description.ts';

export interface Inspection extends OnnxDescription {
  readonly schema: 1;
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Describes an .onnx file, or the one of a package folder. Throws MODEL_INVALID when it cannot be read. */
export function inspectModel(path: string): Inspection {
  const file = onnxFileOf(path);
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(file);
  } catch (cause) {
    throw new NodeError('NOT_FOUND', `${file} cannot be read`, { cause });
  }
  const description = describeOnnx(bytes);
  if (!description.ok) throw description.error;
  if (description.value.outputs.length === 0)
    throw new NodeError('MODEL_INVALID', `${file} is not an ONNX model: it has no graph with outputs`);
  return {
    schema: 1,
    file,
    sizeBytes: bytes.length,
    sha256: sha256Hex(bytes),
    ...description.value,
  };
}

function onnxFileOf(path: string): string {
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  const manifest = readManifest(path);
  return join(path, manifest.ok ? manifest.value.file : 'model.onnx');
}

/**
 * Writes a manifest to be completed: everything the file tells is filled in, everything only its maker knows says
 * "TODO". It does not pass `model verify` before a person has been through it. Never overwrites.
 */
export function writeManifestDraft(inspection: Inspection, path: string): void {
  if (existsSync(path))
    throw new NodeError('MODEL_INVALID', `${path} exists already; a draft never overwrites`);
  writeFileSync(path, `${JSON.stringify(manifestDraft(inspection), null, 2)}\n`, { flag: 'wx' });
}

function manifestDraft({ file, sizeBytes, sha256, inputs, outputs }: Inspection): Record<string, unknown> {
  const [input] = inputs;
  const size = input?.shape.at(-1);
  const named = (name: string): string =>
    outputs.some((output) => output.name === name) ? name : `TODO the output that holds ${name}`;
  const classes = outputs.find(({ name }) => name === 'logits')?.shape.at(-1);
  const grid = outputs.find(({ name }) => name === 'cam')?.shape.slice(2);
  return {
    schema: 1,
    id: 'TODO-lower-case-id',
    name: 'TODO',
    version: 'TODO',
    file: basename(file),
    sha256,
    sizeBytes,
    licence: 'TODO',
    clinicalUse: false,
    intendedUse: 'TODO',
    notFor: ['TODO'],
    trainingData: { kind: 'own', statement: 'TODO what it was trained on, in one or two sentences' },
    input: {
      name: input?.name ?? 'TODO',
      size: typeof size === 'number' ? size : 'TODO side of the square input in pixels',
      range: [0, 1],
    },
    preprocess: [
      { step: 'modality-lut' },
      { step: 'voi', fallback: { method: 'percentile', low: 1, high: 99 } },
      { step: 'monochrome1', action: 'invert' },
      { step: 'shutter', action: 'mask' },
      {
        step: 'letterbox',
        size: typeof size === 'number' ? size : 'TODO',
        filter: 'triangle-antialias',
        pad: 0,
      },
    ],
    outputs: {
      logits: named('logits'),
      cam: named('cam'),
      features: named('features'),
      stats: named('stats'),
    },
    classes: Array.from({ length: typeof classes === 'number' ? classes : 2 }, (_, index) => ({
      id: `TODO-${index}`,
      role: index === 0 ? 'negative' : 'finding',
      label: 'TODO',
      ...(index === 0 ? {} : { threshold: 'TODO', indeterminate: ['TODO', 'TODO'] }),
    })),
    calibration:
      'TODO { method: temperature, temperature, fittedOn: { images, what } }, or leave out: then "score"',
    cam: { layer: 'TODO', stride: 'TODO', grid: grid ?? ['TODO', 'TODO'], focalLimit: 0.5 },
    rejection: 'TODO the statistics that models/training/package.py fits, or leave out',
    golden: 'TODO inputs with the logits they must give; models/training/package.py writes them',
  };
}

/** The inspection for the terminal. */
export function inspectionText(inspection: Inspection): string {
  const { file, sizeBytes, sha256, producer, irVersion, opsets, parameters, nodes, refusal } = inspection;
  const shape = (value: OnnxValue): string[] => [value.name, value.elementType, value.shape.join(' x ')];
  const values = [
    ...inspection.inputs.map((value) => ['input', ...shape(value)]),
    ...inspection.outputs.map((value) => ['output', ...shape(value)]),
  ];
  const frequent = inspection.operators.slice(0, 8).map(({ name, count }) => `${name} ${count}`);
  return [
    `${file}: ${sizeBytes} bytes, SHA-256 ${sha256}`,
    `Made by ${producer === '' ? 'an unnamed program' : producer}, IR version ${irVersion}, opset ${opsets.map(({ domain, version }) => `${domain} ${version}`).join(', ')}`,
    `${nodes} nodes (${frequent.join(', ')}), ${parameters} stored numbers`,
    '',
    textTable(['', 'name', 'type', 'shape'], values),
    '',
    ...Object.entries(inspection.metadata).map(([name, value]) => `metadata ${name}: ${value}`),
    refusal === null ? 'Self-contained: the node would load it.' : `The node would NOT load it: ${refusal}.`,
  ].join('\n');
}
