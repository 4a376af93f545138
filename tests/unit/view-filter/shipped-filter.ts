import { type ConfigSources, parseConfig, type RulesConfig } from '../../../src/core/config/index.ts';
import {
  createViewFilter,
  loadViewVocabulary,
  type ViewFilter,
} from '../../../src/pipeline/view-filter/index.ts';

const minimal = `
aeTitle: LUMBAR_NODE
senders: [{aeTitle: DX_ROOM1, cidr: [10.0.0.31]}]
pacs: [{name: main, host: pacs.hospital.example, calledAeTitle: ARCHIVE}]
`;

/** The rules of a configuration whose `rules:` block is given as YAML (flow style). */
export function rulesOf(yaml: string): RulesConfig {
  const sources: ConfigSources = {
    files: [{ name: 'node.yaml', text: `${minimal}rules: ${yaml}\n` }],
    environment: {},
    readSecretFile: () => '',
    folder: '.',
  };
  const loaded = parseConfig(sources);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.config.rules;
}

/** The filter with the vocabulary that comes with the program. */
export function shippedFilter(rules = '{}'): ViewFilter {
  const vocabulary = loadViewVocabulary('config/views');
  if (!vocabulary.ok) throw new Error(JSON.stringify(vocabulary.error));
  return createViewFilter(vocabulary.value, rulesOf(rules));
}
