import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { DataSet } from '../dicom/data-set.ts';

/** The Image Pixel Module (PS3.3 C.7.6.3), checked: what the pixel data is before anything is decoded. */
export interface ImagePixel {
  readonly rows: number;
  readonly columns: number;
  readonly frames: number;
  readonly samplesPerPixel: number;
  readonly bitsAllocated: number;
  readonly bitsStored: number;
  readonly highBit: number;
  readonly signed: boolean;
  readonly photometric: string;
  /** 0 colour by pixel, 1 colour by plane; 0 for one sample per pixel. */
  readonly planarConfiguration: number;
}

/** What one image may cost before it is decoded; WebAssembly memory never shrinks, so the guard stands in front. */
export interface DecodeLimits {
  /** Rows x Columns x Samples x Bits Allocated / 8 x Frames. */
  readonly maxDecodedBytes: number;
  readonly maxRows: number;
  readonly maxColumns: number;
}

export const defaultDecodeLimits: DecodeLimits = {
  maxDecodedBytes: 128 * 1024 * 1024,
  maxRows: 8192,
  maxColumns: 8192,
};

/**
 * Reads and checks the attributes that say how pixels are stored (PS3.5 8.1). Errors: DATASET_MISSING_ATTRIBUTE,
 * DATASET_MALFORMED (values that contradict one another), PIXEL_UNSUPPORTED (an allocation this node does not
 * know), PIXEL_LIMIT (larger than `limits`).
 */
export function readImagePixel(
  dataSet: DataSet,
  limits: DecodeLimits = defaultDecodeLimits,
): Result<ImagePixel, NodeError> {
  const needed = [
    'Rows',
    'Columns',
    'BitsAllocated',
    'BitsStored',
    'HighBit',
    'PixelRepresentation',
  ] as const;
  for (const keyword of needed) {
    if (dataSet.number(keyword) === undefined)
      return err(new NodeError('DATASET_MISSING_ATTRIBUTE', `${keyword} is absent`));
  }
  const read = (keyword: string, otherwise = 0) => dataSet.number(keyword) ?? otherwise;
  const samplesPerPixel = read('SamplesPerPixel', 1);
  const image: ImagePixel = {
    rows: read('Rows'),
    columns: read('Columns'),
    frames: read('NumberOfFrames', 1),
    samplesPerPixel,
    bitsAllocated: read('BitsAllocated'),
    bitsStored: read('BitsStored'),
    highBit: read('HighBit'),
    signed: read('PixelRepresentation') === 1,
    photometric: dataSet.string('PhotometricInterpretation') ?? '',
    planarConfiguration: samplesPerPixel === 1 ? 0 : read('PlanarConfiguration'),
  };
  const fault =
    limitFault(image, limits) ?? allocationFault(image) ?? contradiction(image, read('PixelRepresentation'));
  return fault === undefined ? ok(image) : err(fault);
}

/** Bytes of one decoded frame; 1-bit pixels are packed (PS3.5 8.1.1). */
export function frameBytes(image: ImagePixel): number {
  return Math.ceil((image.rows * image.columns * image.samplesPerPixel * image.bitsAllocated) / 8);
}

function limitFault(image: ImagePixel, limits: DecodeLimits): NodeError | undefined {
  const { rows, columns, frames, samplesPerPixel, bitsAllocated } = image;
  if (rows < 1 || columns < 1) return new NodeError('DATASET_MALFORMED', `${rows} rows, ${columns} columns`);
  if (!Number.isInteger(frames) || frames < 1)
    return new NodeError('DATASET_MALFORMED', 'Number of Frames is not a positive integer');
  if (rows > limits.maxRows || columns > limits.maxColumns) {
    return new NodeError(
      'PIXEL_LIMIT',
      `${rows} x ${columns} pixels exceed ${limits.maxRows} x ${limits.maxColumns}`,
    );
  }
  const bytes = rows * columns * samplesPerPixel * (bitsAllocated / 8) * frames;
  if (bytes <= limits.maxDecodedBytes) return undefined;
  return new NodeError('PIXEL_LIMIT', `${bytes} decoded bytes exceed ${limits.maxDecodedBytes}`);
}

function allocationFault(image: ImagePixel): NodeError | undefined {
  if (![1, 8, 16, 32].includes(image.bitsAllocated)) {
    return new NodeError('PIXEL_UNSUPPORTED', `Bits Allocated ${image.bitsAllocated}`);
  }
  if (![1, 3].includes(image.samplesPerPixel)) {
    return new NodeError('PIXEL_UNSUPPORTED', `Samples per Pixel ${image.samplesPerPixel}`);
  }
  return undefined;
}

function contradiction(image: ImagePixel, pixelRepresentation: number): NodeError | undefined {
  const { bitsAllocated, bitsStored, highBit } = image;
  if (bitsStored < 1 || bitsStored > bitsAllocated) {
    return new NodeError('DATASET_MALFORMED', `Bits Stored ${bitsStored} of ${bitsAllocated} allocated`);
  }
  if (highBit < bitsStored - 1 || highBit >= bitsAllocated) {
    return new NodeError(
      'DATASET_MALFORMED',
      `High Bit ${highBit} with ${bitsStored} of ${bitsAllocated} bits stored`,
    );
  }
  if (pixelRepresentation !== 0 && pixelRepresentation !== 1) {
    return new NodeError('DATASET_MALFORMED', `Pixel Representation ${pixelRepresentation}`);
  }
  return undefined;
}
