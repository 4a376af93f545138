import { smallestComparedGroup } from '../groups.ts';
import { paperReaders } from '../readers.ts';
import type { Evaluation } from '../summary.ts';
import { paragraph, type Section, type TableRow, tableHtml } from './markup.ts';
import { count, percent, plain, pValue, share } from './numbers.ts';

/** Readers, maps, groups, speed, data and model: what a reader needs before believing the figures. */
export function trustSections(evaluation: Evaluation): Section[] {
  return [
    { id: 'readers', title: 'Readers and the paper', body: readers(evaluation) },
    { id: 'map', title: 'Where the map points', body: localisation(evaluation) },
    { id: 'groups', title: 'Groups', body: groups(evaluation) },
    { id: 'speed', title: 'Speed and parity', body: speed(evaluation) },
    { id: 'data', title: 'Data and model', body: facts(evaluation) },
  ];
}

const paperColumns = ['accuracy', 'precision', 'sensitivity', 'specificity', 'f1'] as const;
const paperHeader = ['accuracy', 'precision', 'sensitivity', 'specificity', 'F1'];

/** The paper's table layout: the model, the readers of this list and their mean, then the paper's own rows. */
function readers({ readers: rows, readerMean, answered: { macro }, model, notice }: Evaluation): string {
  const printed = (values: Readonly<Record<string, number | readonly number[]>>): string[] =>
    paperColumns.map((name) => {
      const value = values[name];
      if (value === undefined) return '-';
      return typeof value === 'number'
        ? value.toFixed(1)
        : value.map((bound) => bound.toFixed(1)).join(' to ');
    });
  const table: TableRow[] = [
    {
      cells: [
        `${model.id}${notice === null ? '' : ' (simulated)'}`,
        ...paperColumns.map((name) => percent(macro[name])),
      ],
      kind: 'strong',
    },
    ...rows.map(({ name, report }) => ({
      cells: [name, ...paperColumns.map((figure) => percent(report.macro[figure]))],
    })),
    ...(readerMean === null
      ? []
      : [
          {
            cells: [
              `mean of ${readerMean.readers} readers`,
              ...paperColumns.map((name) => share(readerMean[name])),
            ],
            kind: 'strong' as const,
          },
        ]),
    { cells: ["the paper's model, other images", ...printed(paperReaders.model)], kind: 'small' },
    { cells: ["the paper's six doctors, mean", ...printed(paperReaders.doctorsMean)], kind: 'small' },
    { cells: ["the paper's six doctors, range", ...printed(paperReaders.doctors)], kind: 'small' },
  ];
  return (
    tableHtml({
      caption: 'Percent, mean over classes',
      header: ['answers of', ...paperHeader],
      rows: table,
    }) +
    paragraph(
      `Paper: ${paperReaders.source}. Its rows were measured on other radiographs of two hospitals: they show the size of the task, not a comparison${notice === null ? '' : ', and none at all with simulated images'}.`,
    ) +
    readerPairs(rows)
  );
}

function readerPairs(rows: Evaluation['readers']): string {
  if (rows.length === 0) return '';
  return (
    tableHtml({
      caption: 'Each reader against the model, on the images that both answered',
      header: [
        'reader',
        'images',
        'model accuracy there',
        'kappa with the model',
        'kappa with the label',
        'both right',
        'both wrong',
        'AI right, reader wrong',
        'AI wrong, reader right',
        'McNemar p',
      ],
      rows: rows.map((row) => ({
        cells: [
          row.name,
          count(row.images),
          share(row.modelAccuracy),
          plain(row.kappa, 3),
          plain(row.kappaTruth, 3),
          count(row.bothRight),
          count(row.bothWrong),
          count(row.onlyModelRight),
          count(row.onlyReaderRight),
          pValue(row.mcNemarP),
        ],
      })),
    }) +
    paragraph(
      'This is not a multi-reader multi-case trial: it does not say how readers would do with the model.',
    )
  );
}

function localisation({ localisation: found, maps, model }: Evaluation): string {
  const shown = paragraph(
    `The capture shows a map for ${count(maps.shown)} of ${count(maps.answered)} answered images (map not shown: ${share(maps.answered === 0 ? Number.NaN : 1 - maps.shown / maps.answered)}).`,
  );
  if (found === null) return shown + paragraph('The list has no lesion points or boxes.');
  return (
    shown +
    tableHtml({
      caption: 'Right findings with a known lesion',
      header: ['figure', '95 % interval'],
      rows: [
        { cells: ['feature map explained', model.mapLayer] },
        { cells: ['images', count(found.images)] },
        { cells: ['with a box', count(found.boxes)] },
        { cells: ['pointing game', percent(found.pointingGame)] },
        { cells: ['explainability failure ratio', percent(found.failureRatio)] },
        { cells: ['with a spacing in mm', count(found.measured)] },
        { cells: ['distance, median', millimetres(found.medianMm)] },
        { cells: ['distance, 95th percentile', millimetres(found.p95Mm)] },
        { cells: ['within 15 mm', percent(found.within15mm)] },
        { cells: ['within 25 mm', percent(found.within25mm)] },
        { cells: ['no map at all', count(found.withoutMap)] },
      ],
    })
  );
}

/** The distance of an image without a map is infinite: a percentile among those has no millimetres. */
function millimetres(value: number): string {
  return Number.isFinite(value) ? `${value.toFixed(1)} mm` : plain(value, 1);
}

function groups({ groups: rows, model: { classes } }: Evaluation): string {
  const columns = [...new Set(rows.map(({ column }) => column))];
  return columns
    .map((column) =>
      tableHtml({
        caption: `By ${column}`,
        header: [
          column,
          'images',
          'patients',
          'accuracy',
          ...classes.map(({ id }) => `sensitivity, ${id}`),
          'against the rest',
        ],
        rows: rows
          .filter((row) => row.column === column)
          .map((row) => ({
            cells: [
              row.value,
              count(row.images),
              count(row.patients),
              percent(row.accuracy),
              ...row.sensitivity.map(percent),
              row.comparison,
            ],
            kind: row.images < smallestComparedGroup ? 'small' : row.comparison === 'lower' ? 'bad' : 'plain',
          })),
      }),
    )
    .join('');
}

function speed({ speed: { modelMs, totalMs, imagesPerSecond, residentMb }, model }: Evaluation): string {
  const pair = ({ p50, p95 }: { p50: number; p95: number }): string[] => [
    `${plain(p50, 0)} ms`,
    `${plain(p95, 0)} ms`,
  ];
  return (
    tableHtml({
      caption: 'Per image',
      header: ['figure', 'median', '95th percentile'],
      rows: [{ cells: ['model time', ...pair(modelMs)] }, { cells: ['total time', ...pair(totalMs)] }],
    }) +
    tableHtml({
      caption: 'This run',
      header: ['figure', 'value'],
      rows: [
        { cells: ['provider', model.provider] },
        { cells: ['images in flight', `${model.sessions} (threads each: ${model.threadsPerSession})`] },
        { cells: ['images per second', plain(imagesPerSecond, 1)] },
        { cells: ['resident memory', `${plain(residentMb, 0)} MB`] },
        {
          cells: [
            'parity',
            `largest logit difference ${model.parity.largestDifference.toExponential(1)} on ${model.parity.images} golden inputs`,
          ],
        },
      ],
    })
  );
}

function facts({ data, model, bootstrap, product, createdAt }: Evaluation): string {
  const labels = Object.entries(data.labels)
    .map(([label, images]) => `${label} ${count(images)}`)
    .join(', ');
  const thresholds = model.classes
    .filter(({ threshold }) => threshold !== undefined)
    .map(({ id, threshold = 0 }) => `${id} ${threshold}`)
    .join(', ');
  return (
    tableHtml({
      caption: 'What was measured',
      header: ['fact', 'value'],
      rows: [
        { cells: ['label list', `${data.file}${data.split === null ? '' : `, split ${data.split}`}`] },
        { cells: ['SHA-256 of the list', data.sha256] },
        { cells: ['images', `${count(data.images)} of ${count(data.listed)} listed`] },
        { cells: ['patients', count(data.patients)] },
        { cells: ['labels', labels] },
        { cells: ['simulated images', count(data.simulatedImages)] },
        { cells: ['model', `${model.id} ${model.version}`] },
        { cells: ['SHA-256 of the model', model.sha256] },
        { cells: ['SHA-256 of the manifest', model.manifestSha256] },
        { cells: ['thresholds', thresholds] },
        { cells: ['training data', model.trainingStatement] },
        { cells: ['intended use', model.intendedUse] },
        { cells: ['not for', model.notFor.join('; ')] },
        { cells: ['program', `${product.name} ${product.version}`] },
        { cells: ['bootstrap', `${count(bootstrap.draws)} draws of patients, seed ${bootstrap.seed}`] },
        { cells: ['written', createdAt] },
      ],
    }) +
    tableHtml({
      caption: 'Duplicate pixels: rows whose stored pixels are equal',
      header: ['lines', 'labels', 'contradiction'],
      rows: data.duplicates.map(({ lines, labels: names, contradiction }) => ({
        cells: [lines.join(', '), names.join(', '), contradiction ? 'YES, one of them is wrong' : 'no'],
        kind: contradiction ? 'bad' : 'plain',
      })),
    })
  );
}
