import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { commandField } from '../../src/dicom/command-set.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { acceptedImageSopClasses, sopClassName, sopClassUid } from '../../src/dicom/sop-class.ts';
import { acceptedStorageTransferSyntaxes, transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import type { ImageListRow } from '../../src/store/queries.ts';
import { requestAssociation } from '../../src/upper-layer/association.ts';
import { peer } from '../support/peer.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';
import { sharedDataManifest, sharedDataPath, sharedDataPresent } from '../support/shared-data.ts';
import { type StorescuEnd, storescu } from '../support/storescu.ts';

const program = peer('storescu');
const folders = ['radiograph', 'codec', 'lut', 'charset', 'filter', 'malformed', 'fuzz'] as const;
const mostContexts = 128;
/** What one of the fuzzed headers says it is. */
const encapsulatedPdf = '1.2.840.10008.5.1.4.1.1.104.1';

/** DCMTK 3.6.7 is older than HTJ2K (PS3.5 A.4.4): it reads such a file and cannot send it. */
const htj2k: readonly string[] = [transferSyntaxUid.htj2kLossless, transferSyntaxUid.htj2kLosslessRpcl];

describe.skipIf(!sharedDataPresent || program === undefined)('real files of others, sent by storescu', () => {
  let running: NodeUnderTest;
  let pids: ReturnType<NodeUnderTest['node']['supervisor']['pids']>;
  const ends = new Map<string, StorescuEnd>();
  const htj2kFiles = sharedDataPresent ? filesInHtj2k() : [];
  const htj2kAnswers: string[] = [];
  const rawEnds = new Map<string, RawEnd>();

  beforeAll(async () => {
    await initialiseCodecs();
    running = await startNodeUnderTest();
    pids = running.node.supervisor.pids();
    const { port } = running.node;
    for (const folder of folders) {
      const options = { program: program ?? '', port, ...titles, contexts: contextsOf(folder) };
      for (const [file, end] of await storescu(filesOf(folder), options)) ends.set(file, end);
    }
    const unsendable = htj2kFiles.map(({ file }) => readFileSync(file));
    await sendAsModality(
      unsendable,
      { host: '127.0.0.1', port, ...titles },
      () => 0,
      ({ sopInstanceUid }) => htj2kAnswers.push(sopInstanceUid),
    );
    for (const { file } of endsOfKind('not-sendable'))
      rawEnds.set(file, await sendRaw(readFileSync(file), port));
    await running.until('every image has an end', () => pending() === 0, 90_000);
  }, 150_000);

  afterAll(async () => {
    await running.stop();
  }, 60_000);

  const titles = { callingAeTitle: demoTitles.modality, calledAeTitle: demoTitles.node };
  const images = (): readonly ImageListRow[] => running.store.images({ limit: 10_000, offset: 0 }).rows;
  const pending = () => running.store.statusSummary().dispositions.pending;
  const auditOf = (event: 'INSTANCE_REFUSED' | 'ASSOCIATION_OPENED' | 'PROTOCOL_VIOLATION') =>
    running.store.auditQuery.query({ event, limit: 10_000 }).rows.map(({ fields }) => fields);
  const endsOfKind = <K extends StorescuEnd['kind']>(kind: K) =>
    [...ends].flatMap(([file, end]) =>
      end.kind === kind ? [{ file, end: end as Extract<StorescuEnd, { kind: K }> }] : [],
    );

  test('every file has an end, and what storescu was answered stands in the books', () => {
    expect([...ends.keys()].sort()).toEqual(folders.flatMap(filesOf).sort());
    const statuses = [
      ...endsOfKind('answered').map(({ end }) => end.status),
      ...htj2kAnswers.map(() => 0),
      ...[...rawEnds.values()].flatMap((end) => (end.kind === 'answered' ? [end.status] : [])),
    ];
    const resent = images().reduce((sum, { duplicateCount }) => sum + duplicateCount, 0);
    expect(images().length + resent).toBe(statuses.filter((status) => status === 0).length);
    const refused = auditOf('INSTANCE_REFUSED');
    // A flood of refusals is counted, not written one by one: each kind stands there, none more often than it came.
    const failures = statuses.filter((status) => status !== 0);
    expect(new Set(refused.map(({ dimseStatus }) => dimseStatus))).toEqual(new Set(failures));
    expect(refused.length).toBeLessThanOrEqual(failures.length);
    for (const { detail } of refused) expect(detail).toMatch(/\S/);
    const aborted = [
      ...endsOfKind('aborted'),
      ...[...rawEnds.values()].filter(({ kind }) => kind === 'aborted'),
    ];
    expect(auditOf('PROTOCOL_VIOLATION').length > 0).toBe(aborted.length > 0);
    expect(auditOf('PROTOCOL_VIOLATION').length).toBeLessThanOrEqual(aborted.length);
  });

  test('every stored image ends as analysed, or otherwise with a reason', () => {
    expect(images().length).toBeGreaterThan(25);
    for (const { disposition, reasons } of images()) {
      expect(['analysed', 'skipped', 'held', 'refused', 'quarantined']).toContain(disposition);
      if (disposition !== 'analysed') expect(reasons[0]?.detail).toMatch(/\S/);
    }
  });

  test('what is not CR or DX is refused at its presentation context, and the audit trail names it', () => {
    const details = auditOf('ASSOCIATION_OPENED')
      .map(({ detail }) => String(detail ?? ''))
      .join('\n');
    const refused = endsOfKind('context-refused');
    expect(refused.length).toBeGreaterThan(150);
    for (const { file, end } of refused) {
      expect(acceptedImageSopClasses, file).not.toContain(end.sopClassUid);
      // Of the twenty classes in the codec folder the row names the first twelve and counts the rest.
      if (end.sopClassUid !== '' && !file.startsWith(sharedDataPath('codec')))
        expect(details).toContain(sopClassName(end.sopClassUid));
    }
    expect(details).toMatch(/and \d+ more/);
  });

  test('the pixels of every accepted file are those that the other decoders agree on', async () => {
    const expected = new Map(
      sharedDataManifest().map(({ file = '', pixel_sha256 = '' }) => [sharedDataPath(file), pixel_sha256]),
    );
    let compared = 0;
    for (const { file, end } of endsOfKind('answered')) {
      const sha256 = expected.get(file) ?? '';
      if (end.status !== 0 || sha256 === '') continue;
      // Fuzzed copies share the SOP Instance UID of their original, which came first; the list is newest first.
      const image = images().findLast(({ sopInstanceUid }) => sopInstanceUid === end.sopInstanceUid);
      expect.soft(await pixelHash(image), file).toBe(sha256);
      compared++;
    }
    expect(compared).toBeGreaterThanOrEqual(14);
  });

  test('HTJ2K, which this DCMTK cannot send, arrives as decodable from another sender', async () => {
    expect(htj2kAnswers.length).toBeGreaterThan(0);
    for (const [index, { file, sha256 }] of htj2kFiles.entries()) {
      const image = images().find(
        ({ sopInstanceUid, transferSyntaxUid: syntax }) =>
          sopInstanceUid === htj2kAnswers[index] && htj2k.includes(syntax),
      );
      expect(await pixelHash(image), file).toBe(sha256);
    }
  });

  test('files that storescu cannot read are answered or aborted as raw data sets, never met with silence', () => {
    expect(rawEnds.size).toBeGreaterThan(10);
    for (const [file, end] of rawEnds) expect(end.kind, file).not.toBe('silence');
  });

  test('nothing was restarted on the way', () => {
    expect(running.node.supervisor.pids()).toEqual(pids);
    expect(readFileSync(join(running.folder, 'node.log'), 'utf8')).not.toContain('PROCESS_LOST');
    expect(running.store.audit.verify()).toMatchObject({ intact: true });
  });

  async function pixelHash(image: ImageListRow | undefined): Promise<string> {
    const file = readPart10(readFileSync(image?.path ?? ''));
    if (!file.ok) return file.error.code;
    const pixels = await decodeFrames(file.value);
    if (!pixels.ok) return pixels.error.code;
    const { samples } = pixels.value;
    return createHash('sha256')
      .update(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength))
      .digest('hex');
  }
});

function filesOf(folder: string): string[] {
  return readdirSync(sharedDataPath(folder)).map((name) => sharedDataPath(`${folder}/${name}`));
}

/** One context per SOP class and encoding that occurs in the folder; CR and DX in the plain ones at least. */
function contextsOf(folder: string) {
  const pairs = new Map<string, { sopClassUid: string; transferSyntaxUid: string }>();
  const add = (sopClass: string, syntax: string) =>
    pairs.set(`${sopClass} ${syntax}`, { sopClassUid: sopClass, transferSyntaxUid: syntax });
  for (const {
    file = '',
    sop_class_uid: sopClass = '',
    transfer_syntax_uid: syntax = '',
  } of sharedDataManifest())
    if (file.startsWith(`${folder}/`) && sopClass !== '' && syntax !== '') add(sopClass, syntax);
  const encodings =
    folder === 'fuzz' ? acceptedStorageTransferSyntaxes : acceptedStorageTransferSyntaxes.slice(0, 2);
  const classes = [...acceptedImageSopClasses, sopClassUid.secondaryCaptureImageStorage, encapsulatedPdf];
  for (const sopClass of classes)
    for (const syntax of encodings.filter((uid) => !htj2k.includes(uid))) add(sopClass, syntax);
  return [...pairs.values()].slice(0, mostContexts);
}

function filesInHtj2k(): { readonly file: string; readonly sha256: string }[] {
  return sharedDataManifest().flatMap((row) =>
    htj2k.includes(row['transfer_syntax_uid'] ?? '') &&
    acceptedImageSopClasses.includes(row['sop_class_uid'] ?? '')
      ? [{ file: sharedDataPath(row['file'] ?? ''), sha256: row['pixel_sha256'] ?? '' }]
      : [],
  );
}

type RawEnd =
  | { readonly kind: 'answered'; readonly status: number | undefined }
  | { readonly kind: 'aborted' }
  | { readonly kind: 'silence' };

/** The bytes as they are, behind a well-formed C-STORE command that names a CR image. */
async function sendRaw(bytes: Buffer, port: number): Promise<RawEnd> {
  const abstractSyntax = sopClassUid.computedRadiographyImageStorage;
  const association = await requestAssociation({
    host: '127.0.0.1',
    port,
    callingAeTitle: demoTitles.modality,
    calledAeTitle: demoTitles.node,
    contexts: [{ abstractSyntax, transferSyntaxes: [transferSyntaxUid.explicitVrLittleEndian] }],
  });
  if (!association.ok) return { kind: 'silence' };
  const answer = await association.value.request(
    1,
    {
      commandField: commandField.cStoreRequest,
      affectedSopClassUid: abstractSyntax,
      affectedSopInstanceUid: '1.2.3.4',
      priority: 0,
    },
    bytes.toString('latin1', 128, 132) === 'DICM' ? bytes.subarray(132) : bytes,
    { timeoutMs: 20_000 },
  );
  await association.value.release();
  if (answer.ok) return { kind: 'answered', status: answer.value.command.status };
  return answer.error.kind === 'timeout' ? { kind: 'silence' } : { kind: 'aborted' };
}
