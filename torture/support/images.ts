import { sha256Hex } from '../../src/core/identifiers.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { uuidV5Uid } from '../../src/dicom/uid.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { canary } from './canary.ts';

/** A data set ready to be stored, and what it is called. */
export interface TestImage {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly transferSyntax: string;
  readonly dataSet: Buffer;
  readonly dataSetSha256: string;
}

/** What the simulator draws: `neutral` is analysed, `ap` is skipped by the view filter and costs little. */
export interface ImageKind {
  readonly size?: number;
  readonly view?: 'neutral' | 'ap' | 'flexion';
}

const namespace = '4d0c7f4e-6d58-4b5e-9c57-2f6b1a2f2d11';

/**
 * Makes any number of different lumbar images out of one simulated picture: new identifiers, a canary's name, the same
 * pixels. Drawing each anew would take a hundred times longer than storing it.
 */
export class ImageFactory {
  readonly #template: Buffer;
  readonly #sopClassUid: string;
  readonly #transferSyntax: string;
  readonly #name: string;
  #made = 0;

  constructor(name: string, { size = 256, view = 'neutral' }: ImageKind = {}) {
    const [image] = simulateStudy(30_500_100, { size, views: [view], tags: 'orderly', variant: 'torture' });
    const file = readPart10(image?.bytes ?? Buffer.alloc(0));
    if (!file.ok) throw file.error;
    const { source, dataSetOffset, transferSyntax, dataSet } = file.value;
    this.#template = Buffer.from(source.subarray(dataSetOffset));
    this.#sopClassUid = dataSet.string('SOPClassUID') ?? '';
    this.#transferSyntax = transferSyntax.uid;
    this.#name = name;
  }

  /** The next image, in a study of its own or in the named one. */
  next(study?: string): TestImage {
    this.#made++;
    return this.named(String(this.#made), study ?? `study-${this.#made}`);
  }

  /** The image of that name: the same name gives the same bytes. */
  named(image: string, study: string): TestImage {
    const sopInstanceUid = uuidV5Uid(namespace, this.#name, 'image', image);
    const studyInstanceUid = uuidV5Uid(namespace, this.#name, 'study', study);
    const dataSet = withElements(this.#template, [
      [0x00080018, 'UI', sopInstanceUid],
      [0x0020000d, 'UI', studyInstanceUid],
      [0x0020000e, 'UI', uuidV5Uid(namespace, this.#name, 'series', image)],
      [0x00100010, 'PN', canary.patientName],
      [0x00100020, 'LO', canary.patientId],
      [0x00080050, 'SH', canary.accessionNumber],
    ]);
    return testImage(dataSet, {
      sopClassUid: this.#sopClassUid,
      sopInstanceUid,
      studyInstanceUid,
      transferSyntax: this.#transferSyntax,
    });
  }
}

export function testImage(dataSet: Buffer, names: Omit<TestImage, 'dataSet' | 'dataSetSha256'>): TestImage {
  return { ...names, dataSet, dataSetSha256: sha256Hex(dataSet) };
}

/** Replaces values of elements with 16-bit lengths (Explicit VR Little Endian, PS3.5 7.1.2) where they stand first. */
export function withElements(
  dataSet: Buffer,
  values: readonly (readonly [tag: number, vr: string, value: string])[],
): Buffer {
  let bytes = dataSet;
  for (const [tag, vr, value] of values) {
    const head = Buffer.alloc(6);
    head.writeUInt16LE(tag >>> 16, 0);
    head.writeUInt16LE(tag & 0xffff, 2);
    head.write(vr, 4, 'latin1');
    const at = bytes.indexOf(head);
    if (at < 0) throw new Error(`the template has no element ${tag.toString(16)} ${vr}`);
    const old = bytes.readUInt16LE(at + 6);
    const text = Buffer.from(value, 'latin1');
    const padded =
      text.length % 2 === 0 ? text : Buffer.concat([text, Buffer.from([vr === 'UI' ? 0 : 0x20])]);
    const length = Buffer.alloc(2);
    length.writeUInt16LE(padded.length);
    bytes = Buffer.concat([bytes.subarray(0, at + 6), length, padded, bytes.subarray(at + 8 + old)]);
  }
  return bytes;
}
