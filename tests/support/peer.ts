import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * Path of another implementation's program (DCMTK `storescu`, `dciodvfy`, ...) that a test uses as an oracle,
 * or `undefined` when it is not installed. Under `CI=true` a missing peer is an error, so that no oracle is
 * skipped unnoticed.
 */
export function peer(program: string): string | undefined {
  const folders = [
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/usr/bin',
    '/usr/sbin',
    '/usr/local/bin',
  ];
  for (const folder of folders) {
    const path = join(folder, program);
    if (isExecutable(path)) return path;
  }
  if (process.env['CI'] === 'true')
    throw new Error(`peer program "${program}" is required under CI=true but is not installed`);
  return undefined;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
