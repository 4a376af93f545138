import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { peer } from '../../support/peer.ts';

const recipe = fileURLToPath(new URL('../../../models/training', import.meta.url));
/** The first Python that has what the recipe needs: the one on the path, or the system's own. */
const python = [peer('python3') ?? '', '/usr/bin/python3'].find(
  (candidate) => spawnSync(candidate, ['-c', 'import torch, torchvision, onnx, numpy']).status === 0,
);

function hasTorch(): boolean {
  if (python === undefined && process.env['CI'] === 'true')
    throw new Error("the recipe's libraries (torch, torchvision, onnx, numpy) are required under CI=true");
  return python !== undefined;
}

/** The recipe's own tests live beside it (unittest); these two make sure that they run with everything else. */
describe.skipIf(!hasTorch())('training recipe', () => {
  const run = (file: string) =>
    spawnSync(python ?? '', ['-m', 'unittest', '-q', `tests.${file}`], {
      cwd: recipe,
      encoding: 'utf8',
      timeout: 280_000,
      env: { ...process.env, OMP_NUM_THREADS: '2', PYTHONDONTWRITEBYTECODE: '1' },
    });

  it.each(['test_mappers', 'test_graph', 'test_recipe', 'test_shipped'])(
    '%s passes with the Python at hand',
    (file) => {
      const result = run(file);
      expect(result.stderr).toMatch(/^OK/m);
      expect(result.status).toBe(0);
    },
    300_000,
  );
});
