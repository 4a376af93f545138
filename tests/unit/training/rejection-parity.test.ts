import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadModelPackage } from '../../../src/pipeline/model-package.ts';
import { rejectUnfamiliar } from '../../../src/pipeline/rejection.ts';
import { peer } from '../../support/peer.ts';

const root = resolve(import.meta.dirname, '../../..');
const folder = resolve(root, 'models/lumbar-effnetv2m-sim');
const python = [peer('python3') ?? '', '/usr/bin/python3'].find(
  (candidate) => spawnSync(candidate, ['-c', 'import torch, torchvision, onnx, numpy']).status === 0,
);
/** Scores of rows (stats then features) by the recipe's own code, from the written package. */
const program = `
import json, sys
from pathlib import Path
import numpy as np
sys.path.insert(0, ${JSON.stringify(resolve(root, 'models/training'))})
from lumbar_training.manifest import read_rejection
folder = Path(${JSON.stringify(folder)})
rejection = read_rejection(folder, json.loads((folder / "manifest.json").read_text()))
rows = np.array(json.load(sys.stdin), np.float32)
stats, features = rows[:, : len(rejection.mean)], rows[:, len(rejection.mean) :]
print(json.dumps([{"stats": a, "features": b, "strangers": c, "refused": bool(d)} for a, b, c, d in zip(
    rejection.stats_distance(stats).tolist(), rejection.features_distance(features).tolist(),
    rejection.discriminant.score(stats, features).tolist(), rejection.refused(stats, features))]))
`;

describe.skipIf(python === undefined)('rejection in TypeScript', () => {
  it('gives the scores and decisions that the recipe computes from the same package', () => {
    const model = loadModelPackage(folder);
    if (!model.ok) throw model.error;
    const { rejection } = model.value.manifest;
    const mean = rejection?.stats.mean ?? [];
    const width = rejection?.features?.bankColumns ?? 0;
    const rows = Array.from({ length: 12 }, (_, row) => {
      const noise = (i: number): number => (((row + 1) * (i + 7) * 2654435761) % 1000) / 1000 - 0.5;
      const stats = mean.map((value, i) => value * (1 + 0.1 * row * noise(i)));
      const features = Array.from({ length: width }, (_, i) => Math.abs(noise(i + 500)) * (row + 1) * 0.1);
      return Array.from(Float32Array.from([...stats, ...features]));
    });
    const answer = spawnSync(python ?? '', ['-c', program], {
      input: JSON.stringify(rows),
      encoding: 'utf8',
      env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1' },
    });
    expect(answer.stderr).not.toContain('Error');
    const expected = JSON.parse(answer.stdout) as Record<string, number | boolean>[];
    expect(expected).toHaveLength(rows.length);
    for (const [index, row] of rows.entries()) {
      const output = {
        stats: Float32Array.from(row.slice(0, mean.length)),
        features: Float32Array.from(row.slice(mean.length)),
      };
      const { scores, reason } = rejectUnfamiliar(output, model.value);
      for (const name of ['stats', 'features', 'strangers'] as const) {
        const theirs = Number(expected[index]?.[name]);
        expect(Math.abs((scores[name] ?? Number.NaN) - theirs)).toBeLessThan(
          1e-3 * Math.max(1, Math.abs(theirs)),
        );
      }
      expect(reason !== undefined).toBe(expected[index]?.['refused']);
    }
  });
});
