import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DemoPorts {
  readonly pacs: number;
  /** The node's own port; absent: the system chooses. */
  readonly node?: number;
}

/** AE titles of the demo's three parties. */
export const demoTitles = { node: 'LUMBAR_NODE', pacs: 'DEMO_PACS', modality: 'DEMO_DX' } as const;

/** Writes the configuration of the demo's node: loopback only, one sender, one PACS, a short quiet time. */
export function writeDemoConfig(
  folder: string,
  ports: DemoPorts,
  model: { readonly folder: string; readonly id?: string },
): void {
  mkdirSync(folder, { recursive: true });
  const text = `# Configuration of the demo: everything on loopback.
aeTitle: ${demoTitles.node}
listener: { host: 127.0.0.1, port: ${ports.node ?? 0} }
storage: { directory: ../data, watermark: 256MiB, ballast: 1MiB }
console: { enabled: false }
model: { folder: ${JSON.stringify(model.folder)}${model.id === undefined ? '' : `, id: ${model.id}`}, providers: [cpu] }
senders:
  - { aeTitle: ${demoTitles.modality}, cidr: [127.0.0.0/8] }
pacs:
  - { name: demo, host: 127.0.0.1, port: ${ports.pacs}, calledAeTitle: ${demoTitles.pacs}, rate: 100 }
results:
  study: { quietTime: 1s }
`;
  writeFileSync(join(folder, 'node.yaml'), text);
}
