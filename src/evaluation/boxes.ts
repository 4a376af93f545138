import { parseCsv } from '../core/csv.ts';
import type { LabelledImage } from './labels.ts';

const columns = ['file', 'x0', 'y0', 'x1', 'y1'] as const;

/** Adds the boxes of `file,x0,y0,x1,y1` (source pixels) to the images of a list; they replace those of the list. */
export function withBoxes(
  images: readonly LabelledImage[],
  text: string,
): { readonly images: readonly LabelledImage[]; readonly problems: readonly string[] } {
  const { header, rows } = parseCsv(text);
  const missing = columns.filter((name) => !header.includes(name));
  if (missing.length > 0) return { images, problems: [`line 1: missing column ${missing.join(', ')}`] };
  const known = new Set(images.map(({ file }) => file));
  const boxes = new Map<string, NonNullable<LabelledImage['lesion']>>();
  const problems: string[] = [];
  for (const { line, cells } of rows) {
    const file = cells['file'] ?? '';
    const [left, top, right, bottom] = (['x0', 'y0', 'x1', 'y1'] as const).map((name) =>
      (cells[name] ?? '') === '' ? Number.NaN : Number(cells[name]),
    ) as [number, number, number, number];
    if (!known.has(file)) problems.push(`line ${line}: ${file} is not in the label list`);
    else if (!(right > left && bottom > top))
      problems.push(`line ${line}: x1, y1 must be numbers larger than x0, y0`);
    else
      boxes.set(file, {
        x: (left + right) / 2,
        y: (top + bottom) / 2,
        box: { left, top, right, bottom },
      });
  }
  return {
    problems,
    images: images.map((image) => {
      const found = boxes.get(image.file);
      if (found === undefined) return image;
      const point = image.columns['lesion_x'] === undefined ? found : { ...found, ...pointOf(image, found) };
      return { ...image, lesion: point };
    }),
  };
}

/** A point of the list is more exact than the centre of a box. */
function pointOf(
  image: LabelledImage,
  found: { readonly x: number; readonly y: number },
): { x: number; y: number } {
  const { x, y } = image.lesion ?? found;
  return { x, y };
}
