/**
 * The letterbox that stands between a radiograph and the network: aspect ratio kept (in millimetres, so non-square
 * pixels are straightened), content centred, the rest zero. All coordinates are continuous with the centre of pixel
 * (column c, row r) at (c + 0.5, r + 0.5), as in a DICOM SCOORD (PS3.3 C.10.5.1.2, "sub-pixel resolution").
 */
import type { GrayPixels } from './gray-pixels.ts';
import { resampleBilinear } from './resample.ts';

/** A point in continuous pixel coordinates, x along the columns, y along the rows. */
export interface PixelPoint {
  readonly x: number;
  readonly y: number;
}

/** Where the picture lies inside the S x S square, in whole input pixels. */
export interface ContentRectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** A fixed letterbox geometry with its exact forward and backward mapping. */
export interface Letterbox {
  readonly columns: number;
  readonly rows: number;
  readonly size: number;
  readonly content: ContentRectangle;
  /** Resamples an image in [0,1] (columns x rows, row-major) into size x size, padding with 0. */
  apply(image: GrayPixels): Float32Array;
  /** Input (S x S) coordinates to source pixel coordinates; points on the padding fall outside the source. */
  sourceFromInput(point: PixelPoint): PixelPoint;
  /** Source pixel coordinates to input (S x S) coordinates. */
  inputFromSource(point: PixelPoint): PixelPoint;
}

/** What the geometry depends on. */
export interface LetterboxOptions {
  readonly columns: number;
  readonly rows: number;
  /** Row spacing divided by column spacing (height of a pixel over its width); 1 for square pixels. */
  readonly pixelAspectRatio: number;
  /** Side of the square network input, in pixels. */
  readonly size: number;
}

/** Builds the letterbox for one image size. Throws RangeError on sizes that are not positive. */
export function buildLetterbox(options: LetterboxOptions): Letterbox {
  const { columns, rows, pixelAspectRatio, size } = options;
  if (![columns, rows, pixelAspectRatio, size].every((value) => Number.isFinite(value) && value > 0)) {
    throw new RangeError('letterbox needs positive columns, rows, pixel aspect ratio and size');
  }
  const physicalHeight = rows * pixelAspectRatio;
  const longest = Math.max(columns, physicalHeight);
  const width = Math.max(1, Math.round((columns / longest) * size));
  const height = Math.max(1, Math.round((physicalHeight / longest) * size));
  const left = Math.floor((size - width) / 2);
  const top = Math.floor((size - height) / 2);
  // The rounded sizes give slightly different scales in x and y; the mappings use these real scales.
  const scaleX = width / columns;
  const scaleY = height / rows;
  return {
    columns,
    rows,
    size,
    content: { left, top, width, height },
    apply: (image) => {
      const content = resampleBilinear(image, columns, rows, width, height);
      if (width === size && height === size) return content;
      const square = new Float32Array(size * size);
      for (let row = 0; row < height; row += 1) {
        square.set(content.subarray(row * width, (row + 1) * width), (top + row) * size + left);
      }
      return square;
    },
    sourceFromInput: ({ x, y }) => ({ x: (x - left) / scaleX, y: (y - top) / scaleY }),
    inputFromSource: ({ x, y }) => ({ x: x * scaleX + left, y: y * scaleY + top }),
  };
}
