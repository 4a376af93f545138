import { createHash } from 'node:crypto';
import type { Part10File } from '../../dicom/part10-reader.ts';

/** SHA-256 of the stored pixel data; the same image in another transfer syntax has another hash. */
export function pixelHash(pixelData: NonNullable<Part10File['pixelData']>): string {
  const hash = createHash('sha256');
  for (const { bytes } of pixelData.kind === 'native' ? [pixelData] : pixelData.fragments) hash.update(bytes);
  return hash.digest('hex');
}
