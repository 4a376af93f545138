import { type NodeConfig, parseConfig } from '../../core/config/index.ts';
import { NodeError } from '../../core/errors.ts';
import { type Inference, type MapLayer, openInference } from '../../pipeline/inference.ts';
import { loadModelPackage, type OpenedModel } from '../../pipeline/model-package.ts';
import { ownDeviceUids } from '../../pipeline/own-object.ts';
import { vocabularyFolder } from '../companions.ts';
import { product } from '../product.ts';
import { type Composer, openComposer } from '../result-composer.ts';
import { openViewFilter, type ViewFilter } from '../view-decision.ts';

/** The pipeline of a node without a network, a store or a site: a model with the shipped rules and wording. */
export interface OfflineTools {
  readonly inference: Inference;
  readonly filter: ViewFilter;
  readonly composer: Composer;
  readonly config: NodeConfig;
}

export interface OfflineOptions {
  readonly modelFolder: string;
  readonly providers: readonly ('cuda' | 'webgpu' | 'cpu')[];
  readonly threads: number;
  readonly map: MapLayer;
}

/** A node nobody can reach: an evaluation needs the shipped rules and wording, not a site's network. */
const neutralConfig = `aeTitle: EVALUATION
senders: [{ aeTitle: NOBODY, cidr: [127.0.0.1/32] }]
pacs: [{ name: nowhere, host: 127.0.0.1, port: 104, calledAeTitle: NOWHERE, deliver: 'off' }]
`;

/** UIDs of objects made offline lead nowhere; a fixed name space keeps them reproducible. */
const siteUuid = '00000000-0000-4000-8000-000000000000';

/** Opens a model with the shipped rules; throws MODEL_* when the package does not hold on this machine. */
export async function openOfflineTools(options: OfflineOptions): Promise<OfflineTools> {
  const { config } = shippedConfig();
  const model = loadModelPackage(options.modelFolder);
  if (!model.ok) throw model.error;
  const inference = await openInference(model.value, options);
  if (!inference.ok) throw inference.error;
  const composer = offlineComposer(model.value);
  const filter = openViewFilter(
    config.rules,
    vocabularyFolder(config.rules, product.root),
    ownDeviceUids(composer.node, [composer.model]),
  );
  return { inference: inference.value, filter, composer, config };
}

/** Result objects with the shipped wording, for looking at; they name no site. */
export function offlineComposer(model: OpenedModel): Composer {
  const { config, sha256: configSha256 } = shippedConfig();
  return openComposer({ config, configSha256, configFolder: product.root, siteUuid, model });
}

/** The configuration that a node has when nothing but its names is set. */
export function shippedConfig(): { readonly config: NodeConfig; readonly sha256: string } {
  const loaded = parseConfig({
    files: [{ name: 'node.yaml', text: neutralConfig }],
    environment: {},
    readSecretFile: () => '',
    folder: product.root,
  });
  if (!loaded.ok) throw new NodeError('BUG_INVARIANT', 'the built-in configuration is not valid');
  return loaded.value;
}
