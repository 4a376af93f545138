import { parseConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import { openInference } from '../pipeline/inference.ts';
import { loadModelPackage } from '../pipeline/model-package.ts';
import { ownDeviceUids } from '../pipeline/own-object.ts';
import { type EvaluateCommand, runEvaluation } from './evaluate-command.ts';
import { evaluationPipeline } from './evaluation-pipeline.ts';
import { product } from './product.ts';
import { openComposer } from './result-composer.ts';
import { openViewFilter } from './view-decision.ts';

export interface EvaluateRequest extends EvaluateCommand {
  readonly modelFolder: string;
}

/** A node nobody can reach: an evaluation needs the shipped rules and wording, not a site's network. */
const neutralConfig = `aeTitle: EVALUATION
senders: [{ aeTitle: NOBODY, cidr: [127.0.0.1/32] }]
pacs: [{ name: nowhere, host: 127.0.0.1, port: 104, calledAeTitle: NOWHERE, deliver: 'off' }]
`;

/** UIDs of captures in a failure gallery lead nowhere; a fixed name space keeps them reproducible. */
const siteUuid = '00000000-0000-4000-8000-000000000000';

/** Opens the model with the shipped rules and runs the evaluation; true when every acceptance limit is met. */
export async function evaluateFromCommandLine(request: EvaluateRequest): Promise<boolean> {
  const loaded = parseConfig({
    files: [{ name: 'node.yaml', text: neutralConfig }],
    environment: {},
    readSecretFile: () => '',
    folder: product.root,
  });
  if (!loaded.ok) throw new NodeError('BUG_INVARIANT', 'the built-in configuration of evaluate is not valid');
  const { config, sha256 } = loaded.value;
  const model = loadModelPackage(request.modelFolder);
  if (!model.ok) throw model.error;
  const inference = await openInference(model.value, { providers: ['cpu'], threads: 0 });
  if (!inference.ok) throw inference.error;
  const composer = openComposer({
    config,
    configSha256: sha256,
    configFolder: product.root,
    siteUuid,
    model: model.value,
  });
  const pipeline = evaluationPipeline({
    inference: inference.value,
    composer,
    filter: openViewFilter(config, product.root, ownDeviceUids(composer.node, [composer.model])),
    quality: { minimumRows: config.rules.minimumRows, minimumColumns: config.rules.minimumColumns },
    charsetDefault: undefined,
  });
  return await runEvaluation(pipeline, request);
}
