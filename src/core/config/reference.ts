import { z } from 'zod';
import { variableNameOf } from './environment.ts';
import { configFiles, homeFileOf, nodeConfigSchema } from './schema/index.ts';
import { allSettings, nearest, type Setting, settingTree } from './setting-tree.ts';

/**
 * JSON Schema (draft 2020-12) for editors: `# yaml-language-server: $schema=schema/lumbar-node.json`. Required
 * top-level keys are left out because each file holds only some of them; the program checks those itself.
 */
export function configJsonSchema(): Readonly<Record<string, unknown>> {
  const { required: _required, ...schema } = z.toJSONSchema(nodeConfigSchema, { io: 'input' });
  return { ...schema, title: 'lumbar-node configuration' };
}

/** The reference page as Markdown, one table per file; docs/configuration.md must equal it. */
export function configReference(): string {
  const settings = allSettings(settingTree(nodeConfigSchema));
  const lines = [
    '# Configuration',
    '',
    '<!-- Generated from the schema in src/core/config/schema; `lumbar-node config schema --markdown` prints it. -->',
    '',
    'The configuration is a folder of YAML 1.2 files (JSON files are read too). A top-level key may stand in any of the',
    'files but only in one; the tables show the file it is meant for. Unknown keys are errors. Durations and sizes carry',
    'a unit (`60s`, `20GiB`). Every setting can be replaced by an environment variable: `listener.port` is',
    '`LUMBAR__LISTENER__PORT`, the host of the first destination is `LUMBAR__PACS__0__HOST`. A secret is best written',
    'as `${file:/path}` or `${env:NAME}`; both replace the whole value and nothing else is substituted.',
    '',
    'A file with only an AE title, one sender and one destination is complete:',
    '',
    '```yaml',
    'aeTitle: LUMBAR_NODE',
    'senders:',
    '  - aeTitle: DX_ROOM1',
    '    cidr: [10.0.0.31]',
    'pacs:',
    '  - name: main',
    '    host: pacs.hospital.example',
    '    calledAeTitle: ARCHIVE',
    '```',
    '',
    '"Restart" says whether a change needs a restart; all other changes are taken over by `lumbar-node reload`.',
    '',
  ];
  for (const [file, { about }] of Object.entries(configFiles)) {
    const own = settings.filter((setting) => homeFileOf(setting.name.split(/[.[]/)[0] ?? '') === file);
    lines.push(
      `## ${file}: ${about}`,
      '',
      '| Setting | Meaning | Unit or choices | Default | Restart |',
      '|---|---|---|---|---|',
    );
    for (const setting of own) if (isRow(setting)) lines.push(row(setting));
    lines.push('');
  }
  return lines.join('\n');
}

/** What `config explain` tells about one setting, for programs. */
export interface SettingFacts {
  readonly name: string;
  readonly description: string;
  readonly type: string;
  readonly unit: string | null;
  readonly choices: readonly string[];
  readonly range: string | null;
  readonly default: string;
  readonly file: string;
  readonly variable: string;
  /** True when a change waits for a restart instead of a reload. */
  readonly restart: boolean;
}

export type SettingExplanation =
  | { readonly found: true; readonly text: string; readonly facts: SettingFacts }
  | { readonly found: false; readonly text: string };

/** One setting in plain words for `config explain`, or the names that are near when there is no such setting. */
export function explainSetting(name: string): SettingExplanation {
  const settings = allSettings(settingTree(nodeConfigSchema));
  const wanted = name.replaceAll(/\.\d+(?=\.|$)/g, '[]');
  const setting = settings.find((one) => one.name.toLowerCase() === wanted.toLowerCase());
  if (setting === undefined) {
    const near = nearest(
      wanted,
      settings.map((one) => one.name),
    );
    return {
      found: false,
      text: `There is no setting "${name}".${near === undefined ? '' : ` Did you mean "${near}"?`}`,
    };
  }
  const facts = factsOf(setting);
  return { found: true, text: factsText(facts, [...setting.children.keys()]), facts };
}

function factsOf(setting: Setting): SettingFacts {
  return {
    name: setting.name,
    description: setting.description,
    type: setting.type,
    unit: setting.unit ?? null,
    choices: setting.choices,
    range: setting.range ?? null,
    // The reference page marks values; here they stand alone.
    default: defaultText(setting)
      .replaceAll('`', '')
      .replace(/^\*\*(.*)\*\*$/, '$1'),
    file: homeFileOf(setting.name.split(/[.[]/)[0] ?? ''),
    variable: variableNameOf(setting.name),
    restart: setting.restart,
  };
}

function factsText(facts: SettingFacts, inside: readonly string[]): string {
  return [
    facts.name,
    `  ${facts.description}`,
    `  type:     ${facts.type}${facts.unit === null ? '' : `, ${facts.unit}`}`,
    ...(facts.choices.length > 0 ? [`  choices:  ${facts.choices.join(', ')}`] : []),
    ...(facts.range === null ? [] : [`  range:    ${facts.range}`]),
    `  default:  ${facts.default}`,
    `  file:     ${facts.file}`,
    `  variable: ${facts.variable}`,
    `  change:   ${facts.restart ? 'takes effect after a restart' : 'takes effect with "lumbar-node reload"'}`,
    ...(inside.length > 0 ? [`  holds:    ${inside.join(', ')}`] : []),
  ].join('\n');
}

function isRow(setting: Setting): boolean {
  return setting.description !== '' && !(setting.name.endsWith('[]') && setting.kind === 'value');
}

function row(setting: Setting): string {
  const group = setting.kind === 'group';
  const name = group ? `**\`${setting.name}\`**` : `\`${setting.name}\``;
  const unit =
    setting.choices.length > 0
      ? setting.choices.join(', ')
      : [setting.unit ?? setting.type, setting.range].filter((part) => part !== undefined).join(', ');
  const cells = [
    name,
    setting.description,
    group ? '' : unit,
    group ? '' : defaultText(setting),
    group ? '' : setting.restart ? 'yes' : '',
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function defaultText(setting: Setting): string {
  if (setting.required) return '**required**';
  if (setting.defaultValue === undefined) return 'none';
  if (typeof setting.defaultValue === 'string') return `\`${setting.defaultValue}\``;
  const text = JSON.stringify(setting.defaultValue);
  return text === '{}' || text === '[]' ? 'none' : `\`${text.replaceAll('","', '", "')}\``;
}
