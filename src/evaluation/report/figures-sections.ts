import type { ClassificationReport, Figures } from '../classification-metrics.ts';
import type { Evaluation } from '../summary.ts';
import { paragraph, type Section, type TableRow, tableHtml } from './markup.ts';
import { count, decimal, percent, plain, share } from './numbers.ts';

/** Acceptance, main figures, confusion, classes: the first page. */
export function figureSections(evaluation: Evaluation): Section[] {
  const { answered } = evaluation;
  return [
    { id: 'acceptance', title: 'Acceptance limits of the model', body: acceptance(evaluation) },
    { id: 'figures', title: 'Main figures', body: mainFigures(evaluation) },
    { id: 'confusion', title: 'Confusion matrix', body: confusion(evaluation) },
    { id: 'classes', title: 'One class against the rest', body: perClass(answered) },
    { id: 'no-answer', title: 'Images without an answer', body: rejection(evaluation) },
    { id: 'outcomes', title: 'What the PACS would have shown', body: outcomes(evaluation) },
  ];
}

function acceptance({ acceptance: rows }: Evaluation): string {
  if (rows.length === 0) return paragraph('The manifest of the model sets no limits.');
  return tableHtml({
    caption: 'Limits of the manifest against this evaluation',
    header: ['figure', 'limit', 'measured', 'met'],
    rows: rows.map(({ name, limit, bound, measured, met }) => ({
      cells: [
        name,
        `${bound} ${limit}`,
        Number.isNaN(measured) ? 'not measured' : measured.toFixed(4),
        met ? 'yes' : 'NO',
      ],
      kind: met ? 'plain' : 'bad',
    })),
  });
}

function mainFigures({ answered: { macro }, worstCase, rejection: { refused }, data }: Evaluation): string {
  const rows: TableRow[] = [
    { cells: ['accuracy', percent(macro.accuracy)], kind: 'strong' },
    { cells: ['accuracy, patients drawn', percent(macro.accuracyByPatient)] },
    { cells: ['precision', percent(macro.precision)] },
    { cells: ['sensitivity', percent(macro.sensitivity)] },
    { cells: ['specificity', percent(macro.specificity)] },
    { cells: ['NPV', percent(macro.npv)] },
    { cells: ['F1', percent(macro.f1)] },
    { cells: ['AUC', decimal(macro.auc)] },
    { cells: ['MCC', decimal(macro.mcc)] },
  ];
  const all: TableRow[] = [
    { cells: ['accuracy', percent(worstCase.accuracy)], kind: 'strong' },
    ...worstCase.perClass.flatMap(({ classId, sensitivity, specificity }) => [
      { cells: [`sensitivity, ${classId}`, percent(sensitivity)] },
      { cells: [`specificity, ${classId}`, percent(specificity)] },
    ]),
    { cells: ['no answer', percent(refused)] },
  ];
  const labelled = data.images - (data.labels['other'] ?? 0);
  return (
    '<div class="side">' +
    tableHtml({
      caption: 'Images with an answer; mean over classes',
      header: ['figure', '95 % interval'],
      rows,
    }) +
    tableHtml({
      caption: `All ${count(labelled)} images with a class label; no answer counted as wrong`,
      header: ['figure', '95 % interval'],
      rows: all,
    }) +
    '</div>'
  );
}

function confusion({ answered: { confusion: matrix }, worstCase, model: { classes } }: Evaluation): string {
  const ids = classes.map(({ id }) => id);
  const rows = matrix.map((row, index): TableRow => {
    const total = row.reduce((sum, value) => sum + value, 0);
    const cell = (value: number): string =>
      `${count(value)} (${share(total === 0 ? Number.NaN : value / total)})`;
    const unanswered = worstCase.perClass[index]?.unanswered ?? 0;
    return { cells: [ids[index] ?? '', ...row.map(cell), count(total), count(unanswered)] };
  });
  return tableHtml({
    caption: 'Rows: label. Columns: the call. Images and share of the row',
    header: ['label', ...ids, 'answered', 'no answer'],
    rows,
  });
}

const figureColumns: readonly (readonly [string, keyof Figures])[] = [
  ['accuracy', 'accuracy'],
  ['precision', 'precision'],
  ['sensitivity', 'sensitivity'],
  ['specificity', 'specificity'],
  ['NPV', 'npv'],
  ['F1', 'f1'],
];

function perClass({ perClass: rows, macro }: ClassificationReport): string {
  return (
    tableHtml({
      caption: 'Percent with 95 % intervals',
      header: ['class', 'images', ...figureColumns.map(([name]) => name)],
      rows: [
        ...rows.map((row) => ({
          cells: [row.classId, count(row.support), ...figureColumns.map(([, key]) => percent(row[key]))],
        })),
        {
          cells: ['mean over classes', '', ...figureColumns.map(([, key]) => percent(macro[key]))],
          kind: 'strong',
        },
      ],
    }) +
    tableHtml({
      caption: 'Scores',
      header: ['class', 'balanced accuracy', 'MCC', 'AUC', 'AUC, DeLong'],
      rows: [
        ...rows.map((row) => ({
          cells: [
            row.classId,
            percent(row.balancedAccuracy),
            decimal(row.mcc),
            decimal(row.auc),
            decimal(row.aucDeLong),
          ],
        })),
        {
          cells: [
            'mean over classes',
            percent(macro.balancedAccuracy),
            decimal(macro.mcc),
            decimal(macro.auc),
            '',
          ],
          kind: 'strong',
        },
      ],
    })
  );
}

function rejection({ rejection: { reasons, refused, otherStopped }, data, model }: Evaluation): string {
  const other = data.labels['other'] ?? 0;
  const text = [
    `Of the images with a class label, ${percent(refused)} got no answer.`,
    ...(other === 0
      ? []
      : [
          `Of the ${count(other)} images labelled "other", which must not be answered, ${percent(otherStopped)} were stopped.`,
        ]),
  ];
  return (
    paragraph(text.join(' ')) +
    tableHtml({
      caption: 'Counted, never dropped: how they ended and the reason code of the node',
      header: ['reason', 'with a class label', 'labelled other'],
      rows: reasons.map(({ reason, labelled, other: others }) => ({
        cells: [reason, count(labelled), count(others)],
      })),
    }) +
    (model.simulated && data.simulatedImages === 0 && refused.value > 0.5
      ? paragraph(
          'A model made from simulated images refuses most real radiographs. That is what it should do.',
        )
      : '')
  );
}

function outcomes({ outcomes: rows, scoreBands, prevalence }: Evaluation): string {
  const names = ['SUSPECTED', 'INDETERMINATE', 'NOT_DETECTED', 'NO_RESULT', 'none'] as const;
  const readable = { none: 'skipped, held or failed' } as const;
  return (
    tableHtml({
      caption: 'Images by label and outcome, at the thresholds of the manifest',
      header: ['label', ...names.map((name) => (name === 'none' ? readable.none : name.replace('_', ' ')))],
      rows: rows.map(({ classId, counts }) => ({
        cells: [classId, ...names.map((name) => count(counts[name]))],
      })),
    }) +
    tableHtml({
      caption: 'Of the images at or above the threshold: how many were really of the class, by score',
      header: ['class', 'score from', 'to', 'images', 'confirmed', 'share'],
      rows: scoreBands
        .filter((band) => band.images > 0)
        .map((band) => ({
          cells: [
            band.classId,
            band.from.toFixed(2),
            band.to.toFixed(2),
            count(band.images),
            count(band.confirmed),
            percent(band.share),
          ],
          kind: band.images < 20 ? 'small' : 'plain',
        })),
    }) +
    tableHtml({
      caption: 'Predictive values at a prevalence that was asked for, not the one of this list',
      header: ['class', 'prevalence', 'PPV', 'NPV'],
      rows: prevalence.map(({ classId, prevalence: given, ppv, npv }) => ({
        cells: [classId, plain(given, 3), share(ppv), share(npv)],
      })),
    })
  );
}
