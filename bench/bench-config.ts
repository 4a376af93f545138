import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { demoTitles } from '../src/app/demo-config.ts';

/** Writes the configuration of a node under measurement: loopback, no quiet time, nothing that throttles. */
export function writeBenchConfig(folder: string, pacsPort: number, modelId: string): string {
  const configFolder = join(folder, 'config');
  mkdirSync(configFolder, { recursive: true });
  const models = resolve(import.meta.dirname, '../models');
  writeFileSync(
    join(configFolder, 'node.yaml'),
    `aeTitle: ${demoTitles.node}
listener: { host: 127.0.0.1, port: 0, maxAssociations: 100, maxAssociationsPerSender: 100 }
storage: { directory: ../data, watermark: 256MiB, ballast: 1MiB }
console: { enabled: false }
log: { level: warn }
model: { folder: ${JSON.stringify(models)}, id: ${modelId}, providers: [cpu] }
senders:
  - { aeTitle: ${demoTitles.modality}, cidr: [127.0.0.0/8] }
pacs:
  - { name: sink, host: 127.0.0.1, port: ${pacsPort}, calledAeTitle: ${demoTitles.pacs}, rate: 1000 }
results:
  study: { quietTime: 0s }
`,
  );
  return configFolder;
}
