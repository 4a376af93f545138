import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sha256Hex } from '../../../src/core/identifiers.ts';
import { readManifest } from '../../../src/pipeline/model-package.ts';
import { STRAY_KINDS } from '../../../src/simulator/stray-scene.ts';

interface Figure {
  readonly value: number;
}

interface Metrics {
  readonly notice: string;
  readonly complete: boolean;
  readonly model: { readonly sha256: string; readonly manifestSha256: string };
  readonly data: { readonly file: string; readonly images: number; readonly simulatedImages: number };
  readonly answered: { readonly macro: Readonly<Record<string, Figure>> };
  readonly calibration: { readonly ece: number };
  readonly localisation: {
    readonly measured: number;
    readonly within15mm: Figure;
    readonly within25mm: Figure;
  };
  readonly rejection: { readonly refused: Figure };
  readonly groups: readonly {
    readonly column: string;
    readonly value: string;
    readonly sensitivity: readonly Figure[];
  }[];
  readonly acceptance: readonly { readonly name: string; readonly met: boolean }[];
}

const models = resolve(import.meta.dirname, '../../../models');
const percent = ({ value }: Figure): string => `${(100 * value).toFixed(1)} %`;

function read(path: string): string {
  return readFileSync(join(models, path), 'utf8');
}

function metricsOf(path: string): Metrics {
  return JSON.parse(read(path)) as Metrics;
}

describe('the evaluation that the bundled model brings', () => {
  const name = 'lumbar-effnetv2m-sim';
  const metrics = metricsOf(`${name}/evaluation/metrics.json`);
  const card = read(`${name}/MODEL_CARD.md`);

  test('is a whole one, of exactly this network and manifest, on at least 1,500 images', () => {
    const manifest = readManifest(join(models, name));
    if (!manifest.ok) throw manifest.error;
    expect(metrics.model.sha256).toBe(manifest.value.sha256);
    expect(metrics.model.manifestSha256).toBe(sha256Hex(read(`${name}/manifest.json`)));
    expect(metrics.complete).toBe(true);
    expect(metrics.data.images).toBeGreaterThanOrEqual(1500);
    expect(metrics.data.file).toBe('labels.csv');
  });

  test('is called simulated wherever it is shown', () => {
    expect(metrics.data.simulatedImages).toBe(metrics.data.images);
    expect(metrics.notice).toMatch(/^SIMULATED: .* not clinical performance\.$/);
    expect(read(`${name}/evaluation/report.html`)).toContain(metrics.notice);
    expect(card).toContain('Trained on simulated radiographs only. Not for clinical use.');
  });

  test('has its figures in the model card', () => {
    const { macro } = metrics.answered;
    for (const figure of ['accuracy', 'precision', 'sensitivity', 'specificity', 'f1'])
      expect(card, figure).toContain(percent(macro[figure] ?? { value: Number.NaN }));
    expect(card).toContain(metrics.calibration.ece.toFixed(4));
    expect(card).toContain(percent(metrics.localisation.within15mm));
    expect(card).toContain(percent(metrics.localisation.within25mm));
    expect(card).toContain(percent(metrics.rejection.refused));
  });
});

describe('the bundled model on simulated images', () => {
  const metrics = metricsOf('lumbar-effnetv2m-sim/evaluation/metrics.json');

  test('meets every limit of its manifest', () =>
    expect(metrics.acceptance.filter(({ met }) => !met)).toEqual([]));

  test('has a finer map that points within 15 mm of at least 85 % of its true findings', () => {
    const fine = metricsOf('lumbar-effnetv2m-sim/evaluation/stride16/metrics.json');
    expect(fine.model.sha256).toBe(metrics.model.sha256);
    expect(fine.localisation.measured).toBeGreaterThanOrEqual(200);
    expect(fine.localisation.within15mm.value).toBeGreaterThanOrEqual(0.85);
  });

  test('finds at least 80 % of the spondylolyses without a slip', () => {
    const withoutSlip = metrics.groups.find(
      ({ column, value }) => column === 'slip_size' && value === 'up to 1 mm',
    );
    expect(withoutSlip?.sensitivity[1]?.value).toBeGreaterThanOrEqual(0.8);
  });

  test('is split by view, polarity, slip size and level', () => {
    const columns = new Set(metrics.groups.map(({ column }) => column));
    for (const column of ['view', 'polarity', 'slip_size', 'level']) expect(columns).toContain(column);
  });

  test('refuses at least 99 % of other views and regions, of seeds that it was not fitted on', () => {
    const { modelSha256, strangers } = JSON.parse(read('lumbar-effnetv2m-sim/evaluation/rejection.json')) as {
      modelSha256: string;
      strangers: Record<string, { images: number; refused: number }>;
    };
    expect(modelSha256).toBe(metrics.model.sha256);
    const counts = STRAY_KINDS.map((kind) => strangers[kind] ?? { images: 0, refused: 0 });
    for (const { images } of counts) expect(images).toBeGreaterThanOrEqual(300);
    const sum = (name: 'images' | 'refused'): number =>
      counts.reduce((total, count) => total + count[name], 0);
    expect(sum('refused') / sum('images')).toBeGreaterThanOrEqual(0.99);
  });
});
