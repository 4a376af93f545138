import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import sharp from 'sharp';
import { readPart10 } from '../dicom/part10-reader.ts';
import { decodeFrames } from '../imaging/decode-frames.ts';
import { paintGray } from '../imaging/gray-pixels.ts';
import { displayGrayscale } from '../imaging/grayscale.ts';
import type { Store } from '../store/store.ts';

/** Longest side of a preview, pixels: enough to tell the view, too little to read from. */
const previewPixels = 900;

export interface PictureSources {
  readonly store: Pick<Store, 'inbox' | 'studies'>;
  readonly spoolFolder: string;
}

/** The capture of an image as PNG, read back from the object that goes to the PACS; undefined when there is none. */
export async function capturePicture(
  { store }: PictureSources,
  instanceId: string,
): Promise<Uint8Array | undefined> {
  const instance = store.inbox.instance(instanceId);
  if (instance === undefined) return undefined;
  const object = store.studies
    .images(instance.studyInstanceUid)
    .find((image) => image.instance.instanceId === instanceId)
    ?.objects.findLast(({ kind }) => kind === 'SC');
  const bytes = object === undefined ? undefined : await bytesOf(object.path);
  if (bytes === undefined) return undefined;
  const file = readPart10(bytes);
  if (!file.ok) throw file.error;
  const pixels = await decodeFrames(file.value);
  if (!pixels.ok) throw pixels.error;
  const { columns, rows, samples, samplesPerPixel } = pixels.value;
  const raw = { width: columns, height: rows, channels: samplesPerPixel === 3 ? 3 : 1 } as const;
  return sharp(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength), { raw })
    .png()
    .toBuffer();
}

/** The received image as PNG, reduced; undefined when it is gone or is not a picture that can be shown. */
export async function sourcePicture(
  { store, spoolFolder }: PictureSources,
  instanceId: string,
): Promise<Uint8Array | undefined> {
  const instance = store.inbox.instance(instanceId);
  if (instance?.spoolState !== 'present') return undefined;
  const bytes = await bytesOf(resolve(spoolFolder, instance.path));
  const file = bytes === undefined ? undefined : readPart10(bytes);
  if (file?.ok !== true) return undefined;
  const pixels = await decodeFrames(file.value);
  if (!pixels.ok || pixels.value.samplesPerPixel !== 1) return undefined;
  const {
    columns,
    rows,
    pixels: shown,
    pixelAspectRatio,
  } = displayGrayscale(pixels.value, file.value.dataSet, {
    fallbackPercentiles: [1, 99],
  });
  const gray = Buffer.from(Uint8Array.from(paintGray(shown), (value) => Math.round(value * 255)));
  const height = Math.round(rows * pixelAspectRatio);
  const scale = Math.min(1, previewPixels / Math.max(columns, height));
  return sharp(gray, { raw: { width: columns, height: rows, channels: 1 } })
    .resize(Math.max(1, Math.round(columns * scale)), Math.max(1, Math.round(height * scale)), {
      fit: 'fill',
    })
    .png()
    .toBuffer();
}

/** The bytes of a file, or undefined when retention or an accident has removed it. */
async function bytesOf(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
