import type { ClassCurves, ThresholdRow } from '../curves.ts';
import type { Evaluation } from '../summary.ts';
import { type Chart, chartSvg, type Mark } from './chart.ts';
import { paragraph, type Section, type TableRow, tableHtml } from './markup.ts';
import { count, decimal, percent, plain, share } from './numbers.ts';

/** A chart and the name of its file. */
export interface Plot {
  readonly name: string;
  readonly svg: string;
}

/** Every chart of the report, once: the page shows them, `plots/` holds them as files. */
export function reportPlots(evaluation: Evaluation): Plot[] {
  const { curves, notice } = evaluation;
  const footnote = notice === null ? {} : { footnote: 'Simulated images; not clinical performance.' };
  const plot = (name: string, chart: Chart): Plot => ({ name, svg: chartSvg({ ...chart, ...footnote }) });
  return [
    ...curves.map((curve, index) => plot(`roc-${curve.classId}`, rocChart(curve, index, evaluation))),
    ...curves.map((curve) => plot(`precision-recall-${curve.classId}`, precisionRecallChart(curve))),
    plot('reliability', reliabilityChart(evaluation)),
    plot('risk-coverage', riskChart(evaluation)),
  ];
}

/** Curves, thresholds, calibration and abstention. */
export function curveSections(evaluation: Evaluation, plots: readonly Plot[]): Section[] {
  const shown = (prefix: string): string =>
    `<div class="charts">${plots
      .filter(({ name }) => name.startsWith(prefix))
      .map(({ svg }) => svg)
      .join('')}</div>\n`;
  return [
    { id: 'roc', title: 'ROC', body: shown('roc-') },
    {
      id: 'precision-recall',
      title: 'Precision and recall',
      body:
        shown('precision-recall-') +
        tableHtml({
          caption: 'Area under the precision-recall curve',
          header: ['class', 'average precision', 'share of the class'],
          rows: evaluation.curves.map(({ classId, averagePrecision, prevalence }) => ({
            cells: [classId, decimal(averagePrecision), share(prevalence)],
          })),
        }),
    },
    { id: 'thresholds', title: 'Thresholds', body: evaluation.curves.map(thresholdTable).join('') },
    {
      id: 'calibration',
      title: 'Calibration',
      body: beside(shown('reliability'), calibration(evaluation)),
    },
    {
      id: 'coverage',
      title: 'Leaving the unsure ones to people',
      body: beside(shown('risk-'), coverage(evaluation)),
    },
  ];
}

function beside(left: string, right: string): string {
  return `<div class="side"><div>${left}</div><div>${right}</div></div>`;
}

function rocChart(
  { classId, roc, rocBand, operating }: ClassCurves,
  index: number,
  evaluation: Evaluation,
): Chart {
  const auc = evaluation.answered.perClass[index]?.auc;
  const readers = evaluation.readers.flatMap(({ name, report }): Mark[] => {
    const own = report.perClass[index];
    return own === undefined
      ? []
      : [{ name, shape: 'reader', point: { x: 1 - own.specificity.value, y: own.sensitivity.value } }];
  });
  return {
    title: `ROC, ${classId}`,
    xLabel: '1 - specificity',
    yLabel: 'sensitivity',
    yMaximum: 1,
    lines: [{ name: `AUC ${auc === undefined ? '-' : plain(auc.value, 3)}`, points: roc, style: 0 }],
    band: rocBand,
    reference: [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
    marks: [
      ...operatingMark(operating, ({ specificity, sensitivity }) => ({
        x: 1 - specificity.value,
        y: sensitivity.value,
      })),
      ...readers.filter(({ point }) => !Number.isNaN(point.x + point.y)),
    ],
  };
}

function precisionRecallChart(curve: ClassCurves): Chart {
  return {
    title: `Precision and recall, ${curve.classId}`,
    xLabel: 'recall (sensitivity)',
    yLabel: 'precision',
    yMaximum: 1,
    lines: [
      {
        name: `average precision ${plain(curve.averagePrecision.value, 3)}`,
        points: curve.precisionRecall,
        style: 0,
      },
    ],
    band: curve.precisionRecallBand,
    reference: [
      { x: 0, y: curve.prevalence },
      { x: 1, y: curve.prevalence },
    ],
    marks: operatingMark(curve.operating, ({ sensitivity, precision }) => ({
      x: sensitivity.value,
      y: precision.value,
    })),
  };
}

function operatingMark(
  row: ThresholdRow | undefined,
  pointOf: (row: ThresholdRow) => { x: number; y: number },
): Mark[] {
  if (row === undefined) return [];
  const point = pointOf(row);
  if (Number.isNaN(point.x + point.y)) return [];
  return [{ name: `threshold ${row.threshold} of the node`, shape: 'operating point', point }];
}

function reliabilityChart({ calibration: { bins } }: Evaluation): Chart {
  return {
    title: 'Reliability of the highest probability',
    xLabel: 'predicted probability',
    yLabel: 'share of right calls',
    yMaximum: 1,
    lines: [
      {
        name: '10 bins of equally many images',
        style: 0,
        points: bins.map(({ predicted, observed }) => ({ x: predicted, y: observed.value })),
      },
    ],
    intervals: bins.map(({ predicted, observed }) => ({
      x: predicted,
      y: observed.value,
      low: observed.low,
      high: observed.high,
    })),
    reference: [
      { x: 0, y: 0 },
      { x: 1, y: 1 },
    ],
  };
}

function riskChart({ riskCoverage: { curve } }: Evaluation): Chart {
  const highest = Math.max(0.05, ...curve.filter(({ x }) => x >= 0.1).map(({ y }) => y));
  return {
    title: 'Wrong calls, surest answers first',
    xLabel: 'share of images answered (coverage)',
    yLabel: 'share of wrong calls',
    yMaximum: Math.min(1, Math.ceil(highest * 20) / 20),
    lines: [{ name: 'surest first', style: 0, points: curve }],
  };
}

function thresholdTable({ classId, thresholds, operating }: ClassCurves): string {
  if (operating === undefined) return '';
  const rows = [...thresholds, operating];
  return tableHtml({
    caption: `${classId}: what a threshold on its probability gives; the node uses ${operating.threshold}`,
    header: ['threshold', 'flagged', 'sensitivity', 'specificity', 'precision', 'NPV'],
    rows: [...rows]
      .sort((a, b) => a.threshold - b.threshold)
      .filter((row, index, all) => all[index - 1]?.threshold !== row.threshold)
      .map(
        (row): TableRow => ({
          cells: [
            row.threshold.toFixed(2),
            count(row.flagged),
            percent(row.sensitivity),
            percent(row.specificity),
            percent(row.precision),
            percent(row.npv),
          ],
          kind: row.threshold === operating.threshold ? 'strong' : 'plain',
        }),
      ),
  });
}

function calibration({ calibration: { ece, brier, nll, perClass }, model }: Evaluation): string {
  return (
    (model.calibrated
      ? ''
      : paragraph('The manifest has no calibration: the node shows scores, not probabilities.')) +
    tableHtml({
      caption: 'How far the probabilities can be believed',
      header: ['figure', '95 % interval'],
      rows: [
        { cells: ['ECE', plain(ece, 4)] },
        { cells: ['Brier score', decimal(brier, 4)] },
        { cells: ['log loss', decimal(nll, 4)] },
      ],
    }) +
    tableHtml({
      caption: 'Logistic recalibration, one class against the rest',
      header: ['class', 'calibration slope', 'calibration intercept'],
      rows: perClass.map(({ classId, slope, intercept }) => ({
        cells: [classId, decimal(slope, 2), decimal(intercept, 2)],
      })),
    })
  );
}

function coverage({ riskCoverage: { rows, area }, outcomes }: Evaluation): string {
  const answered = outcomes.filter(({ classId }) => classId !== 'other');
  const total = answered.reduce(
    (sum, { counts }) => sum + counts.SUSPECTED + counts.INDETERMINATE + counts.NOT_DETECTED,
    0,
  );
  const unsure = answered.reduce((sum, { counts }) => sum + counts.INDETERMINATE, 0);
  return (
    paragraph(
      `Area under the curve ${plain(area, 4)}. At its own bands the node calls ${count(unsure)} of ${count(total)} answered images INDETERMINATE.`,
    ) +
    tableHtml({
      caption: 'Accuracy when only the surest answers are kept',
      header: ['coverage', 'images', 'accuracy'],
      rows: rows.map(({ coverage: kept, images, accuracy }) => ({
        cells: [share(kept), count(images), percent(accuracy)],
      })),
    })
  );
}
