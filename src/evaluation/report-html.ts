import { escapeXml, lineChart } from './charts.ts';
import type { CaseResult, Evaluation } from './evaluate.ts';
import { paperReaders } from './readers.ts';
import type { Estimate } from './statistics.ts';

/** A case of the failure gallery with its picture. */
export interface GalleryEntry {
  readonly entry: CaseResult;
  /** PNG of the capture the node would have produced. */
  readonly png: Uint8Array | undefined;
}

/**
 * One self-contained page: inline SVG and CSS, no script, no request, prints well. The first thing on it says whether
 * the acceptance limits are met and, for a model trained on simulated images, that nothing here is clinical.
 */
export function reportHtml(evaluation: Evaluation, gallery: readonly GalleryEntry[]): string {
  const { model, answered, calibration } = evaluation;
  const failed = evaluation.acceptance.filter(({ met }) => !met);
  const verdict =
    evaluation.acceptance.length === 0
      ? 'The manifest sets no acceptance limits.'
      : failed.length === 0
        ? `All ${evaluation.acceptance.length} acceptance limits are met.`
        : `${failed.length} of ${evaluation.acceptance.length} acceptance limits are NOT met: ${failed.map(({ name }) => name).join(', ')}.`;
  const sections = [
    section('Acceptance', acceptanceTable(evaluation)),
    section('Main figures', mainTable(evaluation)),
    section('Confusion matrix', confusionTable(evaluation)),
    section('Per class', perClassTable(evaluation)),
    section(
      'Curves',
      lineChart({
        title: 'ROC, one class against the rest',
        xLabel: '1 - specificity',
        yLabel: 'sensitivity',
        diagonal: 'drawn',
        series: evaluation.curves.map(({ classId, roc }, style) => ({ name: classId, points: roc, style })),
      }) +
        lineChart({
          title: 'Precision and recall',
          xLabel: 'recall',
          yLabel: 'precision',
          diagonal: 'none',
          series: evaluation.curves.map(({ classId, precisionRecall }, style) => ({
            name: classId,
            points: precisionRecall,
            style,
          })),
        }) +
        lineChart({
          title: 'Reliability',
          xLabel: 'predicted probability',
          yLabel: 'observed share',
          diagonal: 'drawn',
          series: [
            {
              name: 'highest class',
              style: 0,
              points: calibration.bins.map(({ predicted, observed }) => ({ x: predicted, y: observed })),
            },
          ],
        }) +
        `<p>Expected calibration error ${calibration.ece.toFixed(4)} (15 bins), Brier score ${calibration.brier.toFixed(4)}, negative log-likelihood ${calibration.nll.toFixed(4)}.</p>`,
    ),
    section('Thresholds', thresholdTables(evaluation)),
    section('Images without an answer', rejectedTable(evaluation)),
    section('Groups', groupTable(evaluation)),
    section('Where the map points', localisationTable(evaluation)),
    section('Readers', readerTable(evaluation)),
    section('Worst errors', galleryHtml(gallery)),
    section('How to read this', definitions),
  ];
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Evaluation of ${escapeXml(model.id)} ${escapeXml(model.version)}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<style>${css}</style></head><body>
<h1>Evaluation of ${escapeXml(model.id)} ${escapeXml(model.version)}</h1>
${model.simulated ? '<p class="warning" role="alert">Simulated images. These figures say that the method works on simulated radiographs; they are not clinical performance.</p>' : ''}
<p class="verdict">${escapeXml(verdict)}</p>
<p>${evaluation.images} images of ${evaluation.patients} patients; accuracy ${percent(answered.macro.accuracy)}; model time ${evaluation.modelMs.p50.toFixed(0)} ms median, ${evaluation.modelMs.p95.toFixed(0)} ms p95 on ${escapeXml(model.provider)}.
Model SHA-256 ${model.sha256}, list SHA-256 ${evaluation.dataSha256}, seed ${evaluation.seed}. ${escapeXml(model.trainingStatement)}</p>
${sections.join('\n')}
</body></html>
`;
}

const css = `body{font:15px/1.45 sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
table{border-collapse:collapse;margin:.5rem 0}th,td{border:1px solid #bbb;padding:.25rem .6rem;text-align:right}
th:first-child,td:first-child{text-align:left}caption{text-align:left;font-weight:bold;padding:.3rem 0}
.warning{border:2px solid #b35900;padding:.6rem;font-weight:bold}.verdict{font-size:1.2rem;font-weight:bold}
.small{color:#777}figure{display:inline-block;margin:.5rem;max-width:28rem;vertical-align:top}img{max-width:100%}
@media print{section{break-inside:avoid}}`;

const definitions = `<p>Intervals are 95 %: Wilson for proportions; percentile bootstrap over patients for F1, AUC, MCC and macro means.
Macro figures are unweighted means over classes. ECE: mean gap between confidence and hits of the highest class.
Pointing game: share of right findings whose map peaks inside the lesion's box; the explainability failure ratio is the rest.
Groups of fewer than 20 images are grey and should not be compared. The reader table is not a multi-reader multi-case trial.</p>`;

function section(title: string, body: string): string {
  return body === '' ? '' : `<section><h2>${escapeXml(title)}</h2>${body}</section>`;
}

function table(
  caption: string,
  header: readonly string[],
  rows: readonly (readonly string[])[],
  small: readonly boolean[] = [],
): string {
  if (rows.length === 0) return '';
  const head = header.map((cell) => `<th scope="col">${escapeXml(cell)}</th>`).join('');
  const body = rows
    .map(
      (row, index) =>
        `<tr${small[index] === true ? ' class="small"' : ''}>${row.map((cell) => `<td>${escapeXml(cell)}</td>`).join('')}</tr>`,
    )
    .join('');
  return `<table><caption>${escapeXml(caption)}</caption><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table>`;
}

/** "92.0 % (90.6 to 93.3)"; a dash without observations. */
export function percent({ value, low, high }: Estimate): string {
  if (Number.isNaN(value)) return '-';
  return `${(value * 100).toFixed(1)} % (${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)})`;
}

function acceptanceTable({ acceptance }: Evaluation): string {
  return table(
    'Limits of the manifest',
    ['figure', 'limit', 'measured', 'met'],
    acceptance.map(({ name, limit, measured, met }) => [
      name,
      String(limit),
      measured.toFixed(4),
      met ? 'yes' : 'NO',
    ]),
  );
}

function mainTable({ answered: { macro }, accuracyWithRejected, model }: Evaluation): string {
  const rows = [
    ['accuracy', percent(macro.accuracy)],
    ['precision (macro)', percent(macro.precision)],
    ['sensitivity (macro)', percent(macro.sensitivity)],
    ['specificity (macro)', percent(macro.specificity)],
    ['F1 (macro)', percent(macro.f1)],
    ['AUC (macro)', macro.auc.value.toFixed(4)],
    ['MCC', macro.mcc.value.toFixed(4)],
    ['accuracy, unanswered counted as wrong', percent(accuracyWithRejected)],
  ];
  return table(
    `Images with an answer${model.simulated ? ', simulated' : ''}`,
    ['figure', 'value (95 % interval)'],
    rows,
  );
}

function confusionTable({ answered: { confusion }, model: { classIds } }: Evaluation): string {
  const rows = confusion.map((row, index) => {
    const total = row.reduce((sum, count) => sum + count, 0);
    return [
      classIds[index] ?? '',
      ...row.map((count) => `${count} (${total === 0 ? '-' : ((count / total) * 100).toFixed(1)} %)`),
    ];
  });
  return table('Rows: truth. Columns: answer.', ['', ...classIds], rows);
}

function perClassTable({ answered: { perClass } }: Evaluation): string {
  return table(
    'One class against the rest',
    ['class', 'images', 'precision', 'sensitivity', 'specificity', 'NPV', 'F1', 'AUC'],
    perClass.map((entry) => [
      entry.classId,
      String(entry.support),
      percent(entry.precision),
      percent(entry.sensitivity),
      percent(entry.specificity),
      percent(entry.npv),
      percent(entry.f1),
      entry.auc.value.toFixed(4),
    ]),
  );
}

function thresholdTables({ curves }: Evaluation): string {
  return curves
    .map(({ classId, thresholds }) =>
      table(
        classId,
        ['threshold', 'sensitivity', 'specificity', 'precision'],
        thresholds.map((row) =>
          [row.threshold, row.sensitivity, row.specificity, row.precision].map((value) =>
            Number.isNaN(value) ? '-' : value.toFixed(3),
          ),
        ),
      ),
    )
    .join('');
}

function rejectedTable({ rejected, images }: Evaluation): string {
  return table(
    'Counted, never dropped',
    ['reason', 'images', 'share'],
    Object.entries(rejected).map(([reason, count]) => [
      reason,
      String(count),
      `${((count / images) * 100).toFixed(2)} %`,
    ]),
  );
}

function groupTable({ groups }: Evaluation): string {
  return table(
    'Accuracy by group',
    ['column', 'value', 'images', 'accuracy'],
    groups.map(({ column, value, images, accuracy }) => [
      column,
      value === '' ? '(empty)' : value,
      String(images),
      percent(accuracy),
    ]),
    groups.map(({ images }) => images < 20),
  );
}

function localisationTable({ localisation }: Evaluation): string {
  if (localisation === undefined) return '';
  const rows = [
    ['right findings with a known lesion', String(localisation.images)],
    ['peak inside the box (pointing game)', percent(localisation.pointingGame)],
    ['explainability failure ratio', percent(localisation.failureRatio)],
    ['median distance', `${localisation.medianErrorMm.toFixed(1)} mm`],
    ['within 15 mm', percent(localisation.within15mm)],
    ['within 25 mm', percent(localisation.within25mm)],
    ['no map to show', String(localisation.withoutMap)],
  ];
  return table('True positives only', ['figure', 'value'], rows);
}

/** The paper's table layout: our model, the readers of this list, and the paper's own rows as printed there. */
function readerTable({ readers, answered: { macro }, model }: Evaluation): string {
  const figures = (report: { readonly macro: Evaluation['answered']['macro'] }): string[] =>
    [
      report.macro.accuracy,
      report.macro.precision,
      report.macro.sensitivity,
      report.macro.specificity,
      report.macro.f1,
    ].map(percent);
  const printed = (values: Readonly<Record<string, number | readonly number[]>>): string[] =>
    ['accuracy', 'precision', 'sensitivity', 'specificity', 'f1'].map((name) => {
      const value = values[name];
      return typeof value === 'number'
        ? value.toFixed(1)
        : (value ?? []).map((bound) => bound.toFixed(1)).join(' to ');
    });
  const header = [
    '',
    'accuracy',
    'precision',
    'sensitivity',
    'specificity',
    'F1',
    'kappa',
    'only model right',
    'only reader right',
    'McNemar p',
  ];
  const blank = ['', '', '', ''];
  return (
    table('Side by side', header, [
      [`${model.id}${model.simulated ? ' (simulated images)' : ''}`, ...figures({ macro }), ...blank],
      ...readers.map((reader) => [
        reader.name,
        ...figures(reader.report),
        reader.kappa.toFixed(3),
        String(reader.onlyModelRight),
        String(reader.onlyReaderRight),
        reader.mcNemarP.toPrecision(3),
      ]),
      ["paper's model (other images)", ...printed(paperReaders.model), ...blank],
      ["paper's six doctors, range (other images)", ...printed(paperReaders.doctors), ...blank],
    ]) +
    `<p>${escapeXml(paperReaders.source)}. Those rows were measured on real radiographs of two hospitals and are not comparable with simulated images.</p>`
  );
}

function galleryHtml(gallery: readonly GalleryEntry[]): string {
  return gallery
    .map(({ entry, png }) => {
      const picture =
        png === undefined
          ? ''
          : `<img alt="" src="data:image/png;base64,${Buffer.from(png).toString('base64')}">`;
      const answers = Object.entries(entry.answer.probabilities ?? {})
        .map(([id, value]) => `${id} ${(value * 100).toFixed(0)} %`)
        .join(', ');
      return `<figure>${picture}<figcaption>line ${entry.image.line}: ${escapeXml(entry.image.label)}; answered ${escapeXml(answers)}</figcaption></figure>`;
    })
    .join('');
}
