import { type Part10File, readPart10 } from '../../../src/dicom/part10-reader.ts';
import { type WritableDataSet, writePart10 } from '../../../src/dicom/part10-writer.ts';
import type { ImagePixel } from '../../../src/imaging/image-pixel.ts';
import type { StoredPixels } from '../../../src/imaging/stored-pixels.ts';

/** A parsed data set with the given attributes, for the display chain. */
export function dataSetOf(attributes: WritableDataSet) {
  return fileOf(attributes).dataSet;
}

export function fileOf(attributes: WritableDataSet, transferSyntaxUid = '1.2.840.10008.1.2.1'): Part10File {
  const read = readPart10(
    writePart10({
      transferSyntaxUid,
      dataSet: { SOPClassUID: '1.2.840.10008.5.1.4.1.1.1', SOPInstanceUID: '1.2.3', ...attributes },
    }),
  );
  if (!read.ok) throw read.error;
  return read.value;
}

export function imagePixel(changes: Partial<ImagePixel> = {}): ImagePixel {
  return {
    rows: 1,
    columns: 1,
    frames: 1,
    samplesPerPixel: 1,
    bitsAllocated: 16,
    bitsStored: 12,
    highBit: 11,
    signed: false,
    photometric: 'MONOCHROME2',
    planarConfiguration: 0,
    ...changes,
  };
}

/** One row of 16-bit words as stored. */
export function storedRow(words: readonly number[], changes: Partial<ImagePixel> = {}): StoredPixels {
  return { ...imagePixel({ columns: words.length, ...changes }), samples: Uint16Array.from(words) };
}

/** The Image Pixel Module of `image` as attributes. */
export function imageAttributes(image: ImagePixel): WritableDataSet {
  return {
    Rows: image.rows,
    Columns: image.columns,
    NumberOfFrames: image.frames,
    SamplesPerPixel: image.samplesPerPixel,
    PhotometricInterpretation: image.photometric,
    BitsAllocated: image.bitsAllocated,
    BitsStored: image.bitsStored,
    HighBit: image.highBit,
    PixelRepresentation: image.signed ? 1 : 0,
  };
}
