import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { formatCsv } from '../../core/csv.ts';
import { type LabelledImage, otherLabel } from '../../evaluation/labels.ts';
import type { SplitName } from '../../evaluation/patient-split.ts';
import type { ThreadPool } from '../thread-pool.ts';
import { MaterialFolder, type MaterialRow } from './material-folder.ts';
import type { Picture, PictureJob } from './prepared-picture.ts';

export interface MaterialRequest {
  readonly images: readonly LabelledImage[];
  readonly splits: ReadonlyMap<string, SplitName>;
  readonly outputFolder: string;
  readonly size: number;
  readonly classIds: readonly string[];
  readonly listSha256: string;
  /** Pictures in flight. */
  readonly threads: number;
  readonly pathOf: (file: string) => string;
  readonly progress: (done: number, total: number) => void;
}

export interface MaterialSummary {
  /** Images by folder (`train`, `strangers/test`, ...) and label. */
  readonly written: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly refused: readonly { readonly line: number; readonly file: string; readonly reason: string }[];
  readonly source: 'own' | 'simulated';
}

/** Views that the training takes for lateral ones; any other word in a `view` column would drop the image there. */
const lateralViews: readonly string[] = ['lateral', 'neutral', 'flexion', 'extension'];

/** Runs the list through the node's preprocessing and writes the material in the order of the list. */
export async function writeMaterial(
  pool: Pick<ThreadPool<unknown, PictureJob, Picture>, 'run'>,
  request: MaterialRequest,
): Promise<MaterialSummary> {
  const folders = new Map<string, MaterialFolder>();
  const written: Record<string, Record<string, number>> = {};
  const refused: { line: number; file: string; reason: string }[] = [];
  const simulated: string[] = [];
  const take = (image: LabelledImage, picture: Picture): void => {
    if (picture.kind === 'refused') {
      refused.push({ line: image.line, file: image.file, reason: picture.reason });
      return;
    }
    if (picture.simulated) simulated.push(image.file);
    const split = request.splits.get(image.patientId) ?? 'train';
    const name = folderName(image, split);
    const folder = folders.get(name) ?? new MaterialFolder(join(request.outputFolder, name));
    folders.set(name, folder);
    folder.add(picture.pixels, rowOf(image, split, picture));
    const counts = (written[name] ??= {});
    counts[image.label] = (counts[image.label] ?? 0) + 1;
  };
  await inOrder(request, (image) => pool.run(jobOf(image, request)), take);
  // One simulated image among real ones is enough: figures of a mixture are not clinical either.
  const source = simulated.length > 0 ? 'simulated' : 'own';
  const { size, classIds, listSha256, outputFolder } = request;
  for (const folder of folders.values()) folder.finish({ size, source, classes: classIds, listSha256 });
  writeFileSync(join(outputFolder, 'labels.csv'), splitList(request));
  writeFileSync(
    join(outputFolder, 'refused.csv'),
    formatCsv(
      ['line', 'file', 'reason'],
      refused.map(({ line, file, reason }) => [line, file, reason]),
    ),
  );
  return { written, refused, source };
}

/** Keeps twice as many pictures in flight as there are threads, and takes them in the order of the list. */
async function inOrder(
  { images, threads, progress }: MaterialRequest,
  start: (image: LabelledImage) => Promise<Picture>,
  take: (image: LabelledImage, picture: Picture) => void,
): Promise<void> {
  const flight: { image: LabelledImage; picture: Promise<Picture> }[] = [];
  let done = 0;
  const land = async (): Promise<void> => {
    const first = flight.shift();
    if (first === undefined) return;
    take(first.image, await first.picture);
    done++;
    progress(done, images.length);
  };
  for (const image of images) {
    const picture = start(image);
    // Awaited in its turn; a failure before that must not count as unhandled.
    picture.catch(() => undefined);
    flight.push({ image, picture });
    if (flight.length >= threads * 2) await land();
  }
  while (flight.length > 0) await land();
}

/** The list again with the split of every row, for `evaluate --split test`; file names count from the material folder. */
function splitList({ images, splits, outputFolder, pathOf }: MaterialRequest): string {
  const given = Object.keys(images[0]?.columns ?? {});
  const header = given.includes('split') ? given : [...given, 'split'];
  // A spreadsheet guard in front of a negative number would make it text.
  const plain = (cell: string): string | number =>
    /^[-+]/.test(cell) && Number.isFinite(Number(cell)) ? Number(cell) : cell;
  return formatCsv(
    header,
    images.map(({ file, patientId, columns }) => {
      const row: Record<string, string> = {
        ...columns,
        file: relative(outputFolder, pathOf(file)),
        split: splits.get(patientId) ?? '',
      };
      return header.map((name) => plain(row[name] ?? ''));
    }),
  );
}

function folderName({ label }: LabelledImage, split: SplitName): string {
  if (label !== otherLabel) return split;
  return `strangers/${split === 'test' ? 'test' : 'train'}`;
}

function jobOf(image: LabelledImage, { pathOf }: MaterialRequest): PictureJob {
  const { lesion } = image;
  const box = lesion?.box;
  const corners =
    box === undefined
      ? []
      : [
          { x: box.left, y: box.top },
          { x: box.right, y: box.bottom },
        ];
  return {
    path: pathOf(image.file),
    kind: image.label === otherLabel ? 'stranger' : 'lumbar',
    points: lesion === undefined ? [] : [{ x: lesion.x, y: lesion.y }, ...corners],
    mmPerPixel: image.mmPerPixel,
  };
}

function rowOf(
  image: LabelledImage,
  split: SplitName,
  picture: Extract<Picture, { kind: 'picture' }>,
): MaterialRow {
  const { columns, label, patientId } = image;
  const [lesion, low, high] = picture.points;
  const number = (value: number | undefined): string => (value === undefined ? '' : value.toFixed(3));
  const given = (name: string): string => columns[name] ?? '';
  const listed = given('view').toLowerCase();
  const other = label === otherLabel;
  return {
    label: other ? '' : label,
    patient_id: patientId,
    study_id: given('study_uid'),
    split,
    view: other || lateralViews.includes(listed) ? listed : picture.view,
    facing: given('facing'),
    polarity: given('polarity'),
    level: given('level'),
    slip_mm: given('slip_mm'),
    slip_percent: given('slip_percent'),
    pars_gap_mm: given('pars_gap_mm'),
    lesion_x: number(lesion?.x),
    lesion_y: number(lesion?.y),
    box_x0: number(low?.x),
    box_y0: number(low?.y),
    box_x1: number(high?.x),
    box_y1: number(high?.y),
    mm_per_pixel: picture.mmPerPixel === undefined ? '' : picture.mmPerPixel.toFixed(5),
    seed: given('seed'),
    kind: other ? listed || otherLabel : '',
    file: image.file,
  };
}
