import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Settings of a node under attack that cases change; everything else is as in docs/configuration.md. */
export interface ConfigChanges {
  readonly port?: number;
  readonly host?: string;
  readonly dataFolder?: string;
  readonly watermark?: string;
  readonly maxAssociations?: number;
  readonly maxObjectSize?: string;
  readonly artimTimeout?: string;
  readonly pduTimeout?: string;
  readonly idleTimeout?: string;
  readonly listenerExtra?: readonly string[];
  readonly senders?: readonly string[];
  readonly pacs?: readonly string[];
  readonly pacsPort?: number;
  readonly pacsRate?: number;
  readonly quietTime?: string;
  readonly modelFolder?: string;
  readonly providers?: string;
  readonly modelTimeout?: string;
  readonly minimumSize?: number;
  /** Whole top-level blocks, as YAML. */
  readonly extra?: readonly string[];
}

export const titles = { node: 'LUMBAR_NODE', pacs: 'DEMO_PACS', modality: 'TORTURE_DX' } as const;

/** Writes node.yaml as the changes want it: loopback, one sender, one archive, the nano model. */
export function writeNodeConfig(folder: string, changes: ConfigChanges): void {
  mkdirSync(folder, { recursive: true });
  const models = changes.modelFolder ?? resolve(import.meta.dirname, '../../models');
  const most = changes.maxAssociations ?? 64;
  const senders = changes.senders ?? [
    `{ aeTitle: ${titles.modality}, cidr: [127.0.0.0/8], maxAssociations: ${most} }`,
  ];
  const pacs = changes.pacs ?? [
    `{ name: archive, host: 127.0.0.1, port: ${changes.pacsPort ?? 1}, calledAeTitle: ${titles.pacs}, rate: ${changes.pacsRate ?? 1000} }`,
  ];
  const lines = [
    `aeTitle: ${titles.node}`,
    'listener:',
    `  host: ${changes.host ?? '127.0.0.1'}`,
    `  port: ${changes.port ?? 0}`,
    `  maxAssociations: ${most}`,
    `  maxObjectSize: ${changes.maxObjectSize ?? '64MiB'}`,
    `  artimTimeout: ${changes.artimTimeout ?? '10s'}`,
    `  pduTimeout: ${changes.pduTimeout ?? '30s'}`,
    `  idleTimeout: ${changes.idleTimeout ?? '60s'}`,
    ...(changes.listenerExtra ?? []),
    `storage: { directory: ${JSON.stringify(changes.dataFolder ?? '../data')}, watermark: ${changes.watermark ?? '16MiB'}, ballast: 1MiB }`,
    'console: { enabled: false }',
    `model: { folder: ${JSON.stringify(models)}, id: lumbar-nano-sim, providers: ${changes.providers ?? '[cpu]'}, threads: 1, timeout: ${changes.modelTimeout ?? '60s'} }`,
    `rules: { minimumRows: ${changes.minimumSize ?? 64}, minimumColumns: ${changes.minimumSize ?? 64} }`,
    'senders:',
    ...senders.map((line) => `  - ${line}`),
    'pacs:',
    ...pacs.map((line) => `  - ${line}`),
    `results: { study: { quietTime: ${changes.quietTime ?? '1s'} } }`,
    ...(changes.extra ?? []),
  ];
  writeFileSync(join(folder, 'node.yaml'), `${lines.join('\n')}\n`);
}
