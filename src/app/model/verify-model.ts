import { asNodeError, type NodeError } from '../../core/errors.ts';
import type { Result } from '../../core/result.ts';
import { goldenInput, runSelfTest } from '../../pipeline/inference.ts';
import { openThreadedSession } from '../../pipeline/inference-thread.ts';
import { loadModelPackage, type ModelPackage, type ModelTrust } from '../../pipeline/model-package.ts';
import { describeOnnx } from '../../pipeline/onnx-description.ts';
import type { ModelSession, Provider } from '../../pipeline/onnx-session.ts';
import type { Check } from './check.ts';
import { floatAgreement } from './float-agreement.ts';
import { checkObjects } from './object-check.ts';

export interface Verification {
  readonly schema: 1;
  readonly folder: string;
  readonly model: { readonly id: string; readonly version: string; readonly sha256: string } | null;
  readonly provider: Provider | null;
  readonly passed: boolean;
  readonly checks: readonly Check[];
}

export interface VerifyOptions {
  readonly providers: readonly Provider[];
  readonly threads: number;
  /** Whose signature the package must carry, where the site asks for one. */
  readonly trust?: ModelTrust | undefined;
}

/**
 * Everything that must hold before a package may run on this machine: its hash and manifest, the graph's names and
 * shapes, its golden answers on this provider, results that can be built from it, and its float graph where it names
 * one. A check that cannot run because an earlier one failed is not listed.
 */
export async function verifyModel(folder: string, options: VerifyOptions): Promise<Verification> {
  const checks: Check[] = [];
  const loaded = loadModelPackage(folder, options.trust);
  if (!loaded.ok) {
    checks.push({ name: 'hash and manifest', ok: false, evidence: loaded.error.message });
    return verification(folder, undefined, null, checks);
  }
  const model = loaded.value;
  checks.push({
    name: 'hash and manifest',
    ok: true,
    evidence: `SHA-256 ${model.sha256.slice(0, 16)}..., ${model.bytes.length} bytes, one file`,
  });
  checks.push(graphCheck(model));
  const session = await openThreadedSession(model, options);
  if (!session.ok) {
    checks.push({ name: 'session', ok: false, evidence: session.error.message });
    return verification(folder, model, null, checks);
  }
  try {
    const { provider } = session.value;
    checks.push({ name: 'session', ok: true, evidence: providerEvidence(session.value) });
    checks.push(await shapeCheck(model, session.value));
    const golden = await runSelfTest(model, session.value);
    checks.push({
      name: 'golden answers',
      ok: golden.ok,
      evidence: golden.ok
        ? `${golden.value.images} inputs, largest logit difference ${golden.value.largestDifference.toExponential(1)}`
        : golden.error.message,
    });
    if (golden.ok) {
      checks.push(...(await checkObjects({ model, session: session.value, selfTest: golden.value })));
      checks.push(...(await floatAgreement(model, session.value)));
    }
    return verification(folder, model, provider, checks);
  } finally {
    await session.value.close();
  }
}

function verification(
  folder: string,
  model: ModelPackage | undefined,
  provider: Provider | null,
  checks: readonly Check[],
): Verification {
  return {
    schema: 1,
    folder,
    model:
      model === undefined
        ? null
        : { id: model.manifest.id, version: model.manifest.version, sha256: model.sha256 },
    provider,
    passed: provider !== null && checks.every(({ ok }) => ok),
    checks,
  };
}

function providerEvidence({ provider, failures }: ModelSession): string {
  const tried = failures.map(({ provider: name, error }) => `${name} not here: ${error.slice(0, 60)}`);
  return [provider, ...tried].join('; ');
}

/** The names and the input size of the manifest against the graph itself. */
function graphCheck({ manifest, bytes }: ModelPackage): Check {
  const name = 'graph';
  const description = describeOnnx(bytes);
  if (!description.ok) return { name, ok: false, evidence: description.error.message };
  const { inputs, outputs, opsets } = description.value;
  const faults: string[] = [];
  const input = inputs.find((value) => value.name === manifest.input.name);
  if (input === undefined)
    faults.push(
      `no input "${manifest.input.name}", the graph has ${inputs.map((value) => value.name).join(', ')}`,
    );
  else if (input.elementType !== 'float' || input.shape.length !== 4 || input.shape[1] !== 1)
    faults.push(`input is ${input.elementType} ${input.shape.join(' x ')}, expected float N x 1 x S x S`);
  else if (input.shape.slice(2).some((side) => typeof side === 'number' && side !== manifest.input.size))
    faults.push(`input is ${input.shape.join(' x ')}, the manifest says ${manifest.input.size}`);
  const letterbox = manifest.preprocess.find((step) => step.step === 'letterbox');
  if (letterbox?.size !== manifest.input.size)
    faults.push(
      `the letterbox step makes ${letterbox?.size ?? 'nothing'}, the input is ${manifest.input.size}`,
    );
  for (const wanted of Object.values(manifest.outputs)) {
    if (!outputs.some((value) => value.name === wanted)) faults.push(`no output "${wanted}"`);
  }
  return faults.length > 0
    ? { name, ok: false, evidence: faults.join('; ') }
    : {
        name,
        ok: true,
        evidence: `${input?.shape.join(' x ') ?? ''}, opset ${opsets.map(({ version }) => version).join(', ')}`,
      };
}

/** One run: do the sizes of what comes out fit the manifest? */
async function shapeCheck(model: ModelPackage, session: ModelSession): Promise<Check> {
  const { manifest } = model;
  const name = 'shapes';
  const faults: string[] = [];
  try {
    const output = await session.run(await firstInput(model));
    const [rows, columns] = output.camGrid;
    const expect = (what: string, found: number, wanted: number): void => {
      if (found !== wanted) faults.push(`${what}: ${found} values, the manifest needs ${wanted}`);
    };
    const [gridRows, gridColumns] = manifest.cam.grid;
    if (rows !== gridRows || columns !== gridColumns)
      faults.push(`map: ${rows} x ${columns}, the manifest says ${gridRows} x ${gridColumns}`);
    expect('logits', output.logits.length, manifest.classes.length);
    expect('map', output.cam.length, manifest.classes.length * gridRows * gridColumns);
    const { rejection } = manifest;
    if (rejection !== undefined) expect('stats', output.stats.length, rejection.stats.mean.length);
    if (rejection?.features !== undefined)
      expect('features', output.features.length, rejection.features.bankColumns);
  } catch (error) {
    faults.push(asNodeError(error).message);
  }
  return {
    name,
    ok: faults.length === 0,
    evidence: faults.length === 0 ? 'logits, map, features and stats fit the manifest' : faults.join('; '),
  };
}

async function firstInput(model: ModelPackage): Promise<Float32Array> {
  const [golden] = model.manifest.golden;
  const input: Result<Float32Array, NodeError> | undefined =
    golden === undefined ? undefined : await goldenInput(model, golden);
  return input?.ok === true ? input.value : new Float32Array(model.manifest.input.size ** 2);
}

/** The verification for the terminal. */
export function verificationText({ model, folder, passed, checks }: Verification): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  const lines = checks.map(
    ({ name, ok, evidence }) => `${ok ? 'ok  ' : 'FAIL'}  ${name.padEnd(width)}  ${evidence}`,
  );
  const who = model === null ? folder : `${model.id} ${model.version} (${model.sha256.slice(0, 8)})`;
  return [...lines, passed ? `${who} may run on this machine.` : `${who} must not run on this machine.`].join(
    '\n',
  );
}
