import { resolve } from 'node:path';
import packageFile from '../../package.json' with { type: 'json' };

/** Who we are on every object: General Equipment (PS3.3 C.7.5.1) and the log. */
export const product = {
  root: resolve(import.meta.dirname, '../..'),
  name: 'lumbar-node',
  manufacturer: 'lumbar-node project',
  modelName: 'lumbar-node',
  version: packageFile.version,
} as const;
