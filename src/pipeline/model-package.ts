import type { KeyObject } from 'node:crypto';
import { readFileSync, realpathSync } from 'node:fs';
import { join, sep } from 'node:path';
import { z } from 'zod';
import { NodeError } from '../core/errors.ts';
import { sha256Hex } from '../core/identifiers.ts';
import { err, ok, type Result } from '../core/result.ts';
import { checkSum, type PackageSums, signatureFile, sumsFile, verifySums } from './model-signature.ts';
import { refuseExternalData } from './onnx-file.ts';

const band = z.tuple([z.number(), z.number()]);

const preprocessStep = z.discriminatedUnion('step', [
  z.strictObject({ step: z.literal('modality-lut') }),
  z.strictObject({
    step: z.literal('voi'),
    fallback: z.strictObject({ method: z.literal('percentile'), low: z.number(), high: z.number() }),
  }),
  z.strictObject({ step: z.literal('monochrome1'), action: z.literal('invert') }),
  z.strictObject({ step: z.literal('shutter'), action: z.literal('mask') }),
  z.strictObject({
    step: z.literal('letterbox'),
    size: z.number().int(),
    filter: z.literal('triangle-antialias'),
    pad: z.literal(0),
  }),
]);

const manifestSchema = z.object({
  schema: z.literal(1),
  id: z.string().regex(/^[a-z0-9][a-z0-9.-]{1,63}$/),
  name: z.string().max(64),
  version: z.string().max(32),
  file: z.string().regex(/^[\w.-]+$/),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().positive(),
  licence: z.string(),
  clinicalUse: z.boolean(),
  intendedUse: z.string(),
  notFor: z.array(z.string()),
  trainingData: z.looseObject({ kind: z.string(), statement: z.string() }),
  input: z.strictObject({ name: z.string(), size: z.number().int().min(32).max(2048), range: band }),
  preprocess: z.array(preprocessStep).min(1),
  outputs: z.strictObject({ logits: z.string(), cam: z.string(), features: z.string(), stats: z.string() }),
  classes: z
    .array(
      z.strictObject({
        id: z.string(),
        role: z.enum(['negative', 'finding']),
        label: z.string(),
        threshold: z.number().min(0).max(1).optional(),
        indeterminate: band.optional(),
      }),
    )
    .min(2),
  calibration: z
    .strictObject({
      method: z.literal('temperature'),
      temperature: z.number().positive(),
      fittedOn: z.looseObject({ images: z.number(), what: z.string() }),
    })
    .optional(),
  cam: z.looseObject({
    layer: z.string(),
    stride: z.number(),
    grid: z.tuple([z.number().int(), z.number().int()]),
    focalLimit: z.number(),
  }),
  rejection: z
    .looseObject({
      stats: z.looseObject({
        mean: z.array(z.number()),
        whitener: z.array(z.array(z.number())),
        threshold: z.number(),
      }),
      features: z
        .looseObject({
          neighbours: z.number().int(),
          threshold: z.number(),
          bank: z.string().regex(/^[\w.-]+$/),
          bankRows: z.number().int(),
          bankColumns: z.number().int(),
        })
        .optional(),
      strangers: z
        .looseObject({
          weights: z.strictObject({ stats: z.array(z.number()), features: z.array(z.number()) }),
          bias: z.number(),
          threshold: z.number(),
        })
        .optional(),
    })
    .optional(),
  stride16: z
    .looseObject({
      file: z.string().regex(/^[\w.-]+$/),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      sizeBytes: z.number().int().positive(),
      inputs: z.strictObject({ image: z.string(), classWeight: z.string() }),
      outputs: z.strictObject({ gradcam: z.string(), logits: z.string() }),
      layer: z.string(),
      grid: z.tuple([z.number().int(), z.number().int()]),
    })
    .optional(),
  golden: z.array(
    z.looseObject({
      file: z.string().regex(/^golden\/[\w.-]+$/),
      kind: z.enum(['tensor', 'dicom']),
      logits: z.array(z.number()),
      tolerance: z.number(),
    }),
  ),
  /** The same network with float32 weights, for `model verify`; a package with reduced weights may carry it. */
  floatGraph: z
    .strictObject({
      file: z.string().regex(/^[\w.-]+$/),
      sha256: z.string().regex(/^[0-9a-f]{64}$/),
      /** Largest difference of a logit on the golden inputs. */
      tolerance: z.number().positive(),
    })
    .optional(),
  metrics: z.record(z.string(), z.unknown()).optional(),
  acceptance: z.record(z.string(), z.unknown()).optional(),
});

/** What `models/<id>/manifest.json` says; experience.md 3.2 explains every field. */
export type ModelManifest = z.infer<typeof manifestSchema>;

/** A model folder whose file was read once, hashed, and may be handed to the runtime as it is. */
export interface ModelPackage {
  readonly folder: string;
  readonly manifest: ModelManifest;
  readonly sha256: string;
  /** The bytes that were hashed: the session is made from these, never from the path again. */
  readonly bytes: Uint8Array;
  /** kNN bank, row-major float32[bankRows, bankColumns], rows of unit length; absent when the manifest has none. */
  readonly featureBank?: Float32Array;
}

/** A package whose session is made: everything but the file itself, which a process need not hold twice. */
export type OpenedModel = Omit<ModelPackage, 'bytes'>;

/** Whose signature a package must carry. */
export interface ModelTrust {
  readonly publicKey: KeyObject;
}

/**
 * Reads and verifies a model folder: manifest schema, SHA-256 and size of the file, no link out of the folder,
 * no external data, and with `trust` the signature over everything that is read. Fails closed with MODEL_INVALID,
 * MODEL_HASH or MODEL_SIGNATURE.
 */
export function loadModelPackage(folder: string, trust?: ModelTrust): Result<ModelPackage, NodeError> {
  const loaded = loadUnsigned(folder);
  if (!loaded.ok || trust === undefined) return loaded;
  const signed = checkSignature(loaded.value, trust);
  return signed.ok ? loaded : signed;
}

function loadUnsigned(folder: string): Result<LoadedPackage, NodeError> {
  const manifestBytes = readInside(folder, 'manifest.json');
  if (!manifestBytes.ok) return manifestBytes;
  const manifest = parseManifest(folder, manifestBytes.value);
  if (!manifest.ok) return manifest;
  const { file, sha256, sizeBytes, rejection } = manifest.value;
  const bytes = readInside(folder, file);
  if (!bytes.ok) return bytes;
  const actual = sha256Hex(bytes.value);
  if (actual !== sha256 || bytes.value.length !== sizeBytes) {
    return err(
      new NodeError(
        'MODEL_HASH',
        `${file} has SHA-256 ${actual} (${bytes.value.length} bytes), the manifest pins ${sha256} (${sizeBytes} bytes)`,
      ),
    );
  }
  const selfContained = refuseExternalData(bytes.value);
  if (!selfContained.ok) return selfContained;
  const base = {
    folder,
    manifest: manifest.value,
    sha256: actual,
    bytes: bytes.value,
    manifestSha256: sha256Hex(manifestBytes.value),
  };
  if (rejection?.features === undefined) return ok(base);
  const bank = readInside(folder, rejection.features.bank);
  if (!bank.ok) return bank;
  const expected = rejection.features.bankRows * rejection.features.bankColumns * 4;
  if (bank.value.length !== expected) {
    return err(
      new NodeError('MODEL_INVALID', `the feature bank has ${bank.value.length} bytes, expected ${expected}`),
    );
  }
  return ok({ ...base, featureBank: float32From(bank.value), featureBankSha256: sha256Hex(bank.value) });
}

/** What was read, with the sums of exactly the bytes that are used. */
interface LoadedPackage extends ModelPackage {
  readonly manifestSha256: string;
  readonly featureBankSha256?: string;
}

function checkSignature(loaded: LoadedPackage, { publicKey }: ModelTrust): Result<undefined, NodeError> {
  const { folder, manifest, sha256 } = loaded;
  const sums = readInside(folder, sumsFile);
  const signature = readInside(folder, signatureFile);
  if (!sums.ok || !signature.ok) {
    return err(
      new NodeError(
        'MODEL_SIGNATURE',
        `a signature is required, but ${folder} has no ${sumsFile} and ${signatureFile}`,
      ),
    );
  }
  const listed = verifySums(sums.value, signature.value, publicKey);
  if (!listed.ok) return listed;
  const used: [string, string][] = [
    ['manifest.json', loaded.manifestSha256],
    [manifest.file, sha256],
  ];
  const bank = manifest.rejection?.features?.bank;
  if (bank !== undefined) used.push([bank, loaded.featureBankSha256 ?? '']);
  for (const [name, sum] of used) {
    const checked = checkSum(listed.value, name, sum);
    if (!checked.ok) return checked;
  }
  return checkGolden(folder, manifest, listed.value);
}

/** Their answers stand in the manifest; here the questions. */
function checkGolden(
  folder: string,
  manifest: ModelManifest,
  sums: PackageSums,
): Result<undefined, NodeError> {
  for (const { file } of manifest.golden) {
    const bytes = readInside(folder, file);
    if (!bytes.ok) return bytes;
    const checked = checkSum(sums, file, sha256Hex(bytes.value));
    if (!checked.ok) return checked;
  }
  return ok(undefined);
}

/** The manifest alone, for `model list`: the model file is neither read nor checked. */
export function readManifest(folder: string): Result<ModelManifest, NodeError> {
  const bytes = readInside(folder, 'manifest.json');
  return bytes.ok ? parseManifest(folder, bytes.value) : bytes;
}

function parseManifest(folder: string, bytes: Uint8Array): Result<ModelManifest, NodeError> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch (error) {
    return err(new NodeError('MODEL_INVALID', `${folder}/manifest.json is not JSON`, { cause: error }));
  }
  const checked = manifestSchema.safeParse(parsed);
  if (checked.success) return ok(checked.data);
  const faults = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  return err(new NodeError('MODEL_INVALID', `${folder}/manifest.json: ${faults}`));
}

/** Little-endian float32 values of a byte array, copied so that alignment never matters. */
export function float32From(bytes: Uint8Array): Float32Array {
  return new Float32Array(bytes.slice().buffer);
}

/** Reads a file of the package; a symbolic link that leaves the folder is refused. */
export function readInside(folder: string, name: string): Result<Uint8Array, NodeError> {
  try {
    const root = realpathSync(folder);
    const path = realpathSync(join(root, name));
    if (!path.startsWith(root + sep)) {
      return err(new NodeError('MODEL_INVALID', `${name} is a link that leaves the model folder`));
    }
    return ok(readFileSync(path));
  } catch (error) {
    return err(new NodeError('MODEL_INVALID', `${join(folder, name)} cannot be read`, { cause: error }));
  }
}
