import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Finding, failure, fine, warning } from '../../admin/doctor/finding.ts';
import { duration, size } from '../../admin/text-layout.ts';
import type { NodeConfig } from '../../core/config/index.ts';
import { asNodeError, type NodeError } from '../../core/errors.ts';
import { type Result, err } from '../../core/result.ts';
import { runSelfTest } from '../../pipeline/inference.ts';
import { openThreadedSession } from '../../pipeline/inference-thread.ts';
import { loadModelPackage, type ModelPackage } from '../../pipeline/model-package.ts';
import type { ModelSession } from '../../pipeline/onnx-session.ts';
import { loadTypeface } from '../../pipeline/secondary-capture/typeface.ts';
import { activeModelFolder } from '../model-selection.ts';
import { modelTrust } from '../model-trust.ts';
import { product } from '../product.ts';

/** The running node keeps its processors: the golden images are answered a little later. */
const threads = 1;

const modelAdvice =
  'lumbar-node model list; lumbar-node model verify <package> says more. Copy the package again from where it came.';

const choiceAdvice =
  'lumbar-node model list shows what is there; name one under model.id in node.yaml, or choose it with lumbar-node model activate.';

/** The package that would run: its files, its golden answers, and on which provider they were given. */
export async function probeModel({ model }: NodeConfig, activated: string | undefined): Promise<Finding[]> {
  const loaded = loadActive(model, activated);
  if (!loaded.ok)
    return [
      failure(
        'model-hash',
        loaded.error.message,
        model.id === undefined && activated === undefined ? choiceAdvice : modelAdvice,
      ),
    ];
  const { manifest, sha256, bytes } = loaded.value;
  const hash = fine(
    'model-hash',
    `${manifest.id} ${manifest.version}, SHA-256 ${sha256.slice(0, 16)}, ${size(bytes.length)}, as its manifest says.`,
  );
  const opened = await openThreadedSession(loaded.value, { providers: model.providers, threads });
  if (!opened.ok)
    return [
      hash,
      failure(
        'provider',
        opened.error.message,
        'model.providers in node.yaml should end with cpu, which needs no driver.',
      ),
    ];
  try {
    return [hash, await golden(loaded.value, opened.value), providerFinding(opened.value)];
  } finally {
    await opened.value.close();
  }
}

function loadActive(
  model: NodeConfig['model'],
  activated: string | undefined,
): Result<ModelPackage, NodeError> {
  try {
    const folder = activeModelFolder(model, activated);
    if (!folder.ok) return folder;
    const trust = modelTrust(model);
    return trust.ok ? loadModelPackage(folder.value, trust.value) : trust;
  } catch (error) {
    // The folder of models itself cannot be read.
    return err(asNodeError(error));
  }
}

async function golden(model: ModelPackage, session: ModelSession): Promise<Finding> {
  const answer = await runSelfTest(model, session);
  if (!answer.ok)
    return failure(
      'model-golden',
      answer.error.message,
      `The model must not run here like this; the node refuses it too. ${modelAdvice}`,
    );
  const { images, largestDifference, elapsedMs } = answer.value;
  return fine(
    'model-golden',
    `${images} golden images answered as recorded (largest difference ${largestDifference.toExponential(1)}, ${duration(elapsedMs)}).`,
  );
}

function providerFinding({ provider, failures }: ModelSession): Finding {
  if (failures.length === 0) return fine('provider', `runs on ${provider}.`);
  return warning(
    'provider',
    `runs on ${provider}; ${failures.map((one) => `${one.provider} is not here: ${one.error.slice(0, 100)}`).join('; ')}.`,
    `Without a graphics card set model.providers: [${provider}] in node.yaml; with one install its driver.`,
  );
}

/** Whether the shipped fonts draw every character of the site's wording. */
export function probeFonts({ results: { language } }: NodeConfig, configFolder: string): Finding {
  const own = join(configFolder, 'wording', `${language}.yaml`);
  const wording = existsSync(own) ? own : join(product.root, 'config', 'wording', `${language}.yaml`);
  const reinstall = 'The fonts in assets/fonts belong to the installation: install this release again.';
  try {
    const text = readFileSync(wording, 'utf8').replaceAll(/[\s\u0000-\u001f]/g, '');
    const missing = new Set(loadTypeface(join(product.root, 'assets', 'fonts')).missing(text));
    if (missing.size === 0)
      return fine('fonts', `the shipped fonts draw every character of wording/${language}.yaml.`);
    return warning(
      'fonts',
      `the shipped fonts lack ${[...missing].slice(0, 10).join(' ')} of ${wording}; captures are written in English.`,
      'Use other characters there.',
    );
  } catch (error) {
    return failure('fonts', asNodeError(error).message, reinstall);
  }
}
