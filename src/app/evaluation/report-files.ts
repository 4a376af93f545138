import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatCsv } from '../../core/csv.ts';
import type { CaseResult } from '../../evaluation/evaluate.ts';
import { otherLabel } from '../../evaluation/labels.ts';
import { distanceMm } from '../../evaluation/localisation.ts';
import type { EvaluationPipeline } from '../../evaluation/ports.ts';
import { reportPlots } from '../../evaluation/report/curve-sections.ts';
import { type GalleryEntry, reportPage } from '../../evaluation/report/page.ts';
import type { Evaluation } from '../../evaluation/summary.ts';

const galleryEntries = 12;

/** Writes report.html, metrics.json, predictions.csv and plots/*.svg. */
export async function writeReport(
  folder: string,
  evaluation: Evaluation,
  cases: readonly CaseResult[],
  pictures: { readonly pipeline: EvaluationPipeline; readonly pathOf: (file: string) => string },
): Promise<void> {
  mkdirSync(join(folder, 'plots'), { recursive: true });
  const gallery = await Promise.all(
    worstErrors(evaluation, cases).map(
      async ({ entry, kind }): Promise<GalleryEntry> => ({
        entry,
        kind,
        jpeg: await pictures.pipeline.thumbnail(pictures.pathOf(entry.image.file)),
      }),
    ),
  );
  const plots = reportPlots(evaluation);
  for (const { name, svg } of plots) writeFileSync(join(folder, 'plots', `${name}.svg`), svg);
  writeFileSync(join(folder, 'predictions.csv'), predictionsCsv(evaluation, cases));
  writeFileSync(join(folder, 'metrics.json'), `${metricsJson(evaluation)}\n`);
  writeFileSync(join(folder, 'report.html'), reportPage(evaluation, plots, gallery));
}

/** Without the points of the curves, which predictions.csv gives again; NaN becomes null. */
function metricsJson({ curves, riskCoverage, ...rest }: Evaluation): string {
  const slimCurves = curves.map(({ roc: _roc, precisionRecall: _points, ...kept }) => kept);
  const { curve: _curve, ...coverage } = riskCoverage;
  return JSON.stringify({ ...rest, curves: slimCurves, riskCoverage: coverage }, null, 2);
}

/** The surest wrong calls of each kind: what a reviewer wants to see first. */
function worstErrors(
  { model: { classes } }: Evaluation,
  cases: readonly CaseResult[],
): { entry: CaseResult; kind: GalleryEntry['kind'] }[] {
  const roleOf = (id: string): 'negative' | 'finding' | undefined =>
    classes.find((entry) => entry.id === id)?.role;
  const wrong = cases.flatMap((entry) => {
    const called = classes[entry.called ?? -1];
    if (called === undefined || called.id === entry.image.label || entry.image.label === otherLabel)
      return [];
    const kind: GalleryEntry['kind'] =
      called.role === 'negative'
        ? 'missed'
        : roleOf(entry.image.label) === 'negative'
          ? 'false alarm'
          : 'confused';
    return [{ entry, kind, confidence: entry.answer.probabilities?.[called.id] ?? 0 }];
  });
  const kinds = ['missed', 'false alarm', 'confused'] as const;
  const each = galleryEntries / kinds.length;
  return kinds.flatMap((kind) =>
    wrong
      .filter((entry) => entry.kind === kind)
      .sort((a, b) => b.confidence - a.confidence)
      .slice(0, each),
  );
}

function predictionsCsv({ model: { classes }, notice }: Evaluation, cases: readonly CaseResult[]): string {
  const ids = classes.map(({ id }) => id);
  const header = [
    'file',
    'label',
    'patient_id',
    'disposition',
    'outcome',
    'called',
    ...ids.map((id) => `probability_${id}`),
    'map_shown',
    'peak_x',
    'peak_y',
    'distance_mm',
    'model_ms',
    'reasons',
    ...(notice === null ? [] : ['notice']),
  ];
  return formatCsv(
    header,
    cases.map(({ image, answer, called }) => {
      const distance = distanceMm(answer.peak, image.lesion, image.mmPerPixel ?? answer.mmPerPixel);
      return [
        image.file,
        image.label,
        image.patientId,
        answer.disposition,
        answer.outcome ?? '',
        called === undefined ? '' : (ids[called] ?? ''),
        ...ids.map((id) => answer.probabilities?.[id]?.toFixed(6) ?? ''),
        called === undefined ? '' : answer.mapShown ? 'yes' : 'no',
        answer.peak?.x ?? '',
        answer.peak?.y ?? '',
        distance === undefined || !Number.isFinite(distance) || called === undefined
          ? ''
          : distance.toFixed(2),
        answer.modelMs,
        answer.reasons.join('; '),
        ...(notice === null ? [] : [notice]),
      ];
    }),
  );
}
