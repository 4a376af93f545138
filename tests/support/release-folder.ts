import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

/**
 * A folder like an unpacked bundle, with the real install.sh, units and settings but a program of three lines, so
 * that a test installs it in a moment. `model` is what its model's manifest holds, `fits` what `upgrade check` finds.
 */
export function releaseFolder(
  parent: string,
  version: string,
  model: string,
  fits: 'fits' | 'does not fit' = 'fits',
): string {
  const folder = join(parent, `release-${version}`);
  const write = (path: string, text: string, mode = 0o644): void => {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text, { mode });
  };
  for (const part of ['install.sh', 'systemd', 'config'])
    cpSync(join(repository, part), join(folder, part), { recursive: true });
  write('package.json', JSON.stringify({ version }));
  write(
    'bin/lumbar-node',
    `#!/bin/sh\necho "${version} $LUMBAR_CONFIG $*"\ncase "$*" in *'upgrade check') exit ${fits === 'fits' ? 0 : 1} ;; esac\n`,
    0o755,
  );
  write('models/lumbar-effnetv2m-sim/manifest.json', model);
  write('node_modules/.bin/node', `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, 0o755);
  writeSums(folder);
  return folder;
}

/** Lists the folder's files with their sums, as bin/bundle does. */
function writeSums(folder: string): void {
  execFileSync(
    'bash',
    ['-c', 'find . -type f -printf "%P\\0" | sort -z | xargs -0 sha256sum >../sums && mv ../sums SHA256SUMS'],
    { cwd: folder },
  );
}
