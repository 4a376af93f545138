import { existsSync, readdirSync } from 'node:fs';
import { readFile, stat } from 'node:fs/promises';
import { asNodeError, NodeError } from '../core/errors.ts';
import { sha256Hex } from '../core/identifiers.ts';
import { err, ok, type Result } from '../core/result.ts';
import { scanHeader } from '../dicom/part10-reader.ts';
import { parseForeignUid } from '../dicom/uid.ts';
import { rebuildFromSpool, type SpoolHeader } from '../store/rebuild.ts';
import type { Store } from '../store/store.ts';

/** A header scan of the File Meta Information, which is always Explicit VR Little Endian (PS3.10 7.1). */
const metaSyntax = '1.2.840.10008.1.2.1';
const metaOffset = 132;
const headerBytes = 4 * 1024 * 1024;

/**
 * A database without a single image beside a spool with files is a lost one: every image is taken up again before the
 * sweep, which deletes files without a row, may run (R10). Who sent them is not in the files; the association is called
 * "rebuilt". Does nothing in any other case.
 */
export async function takeUpSpool(store: Store, spoolDir: string): Promise<void> {
  const known = store.db.sql('SELECT 1 FROM instance LIMIT 1').get();
  if (known !== undefined || !holdsImages(spoolDir)) return;
  await rebuildFromSpool(store, spoolDir, readSpoolHeader);
}

function holdsImages(spoolDir: string): boolean {
  return (
    existsSync(spoolDir) &&
    readdirSync(spoolDir, { recursive: true }).some((name) => String(name).endsWith('.dcm'))
  );
}

/** What a file of the spool says about itself. A damaged one is an expected outcome. */
export async function readSpoolHeader(path: string): Promise<Result<SpoolHeader, NodeError>> {
  try {
    const bytes = await readFile(path);
    const dataSetOffset = metaOffset + 12 + bytes.readUInt32LE(metaOffset + 8);
    const meta = scanHeader(bytes.subarray(metaOffset, dataSetOffset), metaSyntax);
    if (!meta.ok) return meta;
    const transferSyntaxUid = meta.value.dataSet.string('TransferSyntaxUID') ?? '';
    const dataSet = bytes.subarray(dataSetOffset);
    const header = scanHeader(dataSet.subarray(0, headerBytes), transferSyntaxUid, {
      totalLength: dataSet.length,
    });
    if (!header.ok) return header;
    const uid = (keyword: string): string => {
      const parsed = parseForeignUid(header.value.dataSet.string(keyword) ?? '');
      if (!parsed.ok) throw new NodeError('DATASET_MISSING_ATTRIBUTE', `${keyword} is missing or not a UID`);
      return parsed.value;
    };
    const { mtimeMs } = await stat(path);
    return ok({
      sopClassUid: uid('SOPClassUID'),
      sopInstanceUid: uid('SOPInstanceUID'),
      studyInstanceUid: uid('StudyInstanceUID'),
      seriesInstanceUid: uid('SeriesInstanceUID'),
      transferSyntaxUid,
      callingAeTitle: 'UNKNOWN',
      calledAeTitle: '',
      peerIp: '',
      associationId: 'rebuilt',
      sha256: sha256Hex(dataSet),
      sizeBytes: bytes.length,
      receivedAtMs: Math.trunc(mtimeMs),
    });
  } catch (error) {
    return err(asNodeError(error));
  }
}
