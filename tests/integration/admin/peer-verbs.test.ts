import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { echoPeer } from '../../../src/app/echo-verb.ts';
import { sendTest } from '../../../src/app/send-test-verb.ts';
import { sendByHand } from '../../../src/app/send-verb.ts';
import { runSink } from '../../../src/app/sink-verb.ts';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../../src/dicom/transfer-syntax.ts';
import { studyImages } from '../../../src/simulator/study.ts';
import { peer } from '../../support/peer.ts';
import { freePort } from '../../support/ports.ts';
import { openSiteBooks, type SiteBooks } from '../../support/site-books.ts';
import { startStorescp } from '../../support/storescp.ts';
import { storescu } from '../../support/storescu.ts';

const storescp = peer('storescp');
const storescuProgram = peer('storescu');
const echoscu = peer('echoscu');

/** A site whose only destination is at this port, with the lines where the settings stand. */
function siteToward(port: number, calledAeTitle: string): SiteBooks {
  const books = openSiteBooks();
  const file = join(books.configFolder, 'node.yaml');
  const others = readFileSync(file, 'utf8').replace(/^pacs:\n.*\n/m, '');
  writeFileSync(file, others);
  writeFileSync(
    join(books.configFolder, 'pacs.yaml'),
    `pacs:
  - name: main
    host: 127.0.0.1
    port: ${port}
    calledAeTitle: ${calledAeTitle}
`,
  );
  return books;
}

function folderForTest(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-peers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A fictional AP image in a file; small, because only its way matters. */
function imageFile(folder: string): {
  readonly path: string;
  readonly sopClassUid: string;
  readonly bytes: Uint8Array;
} {
  const [image] = studyImages(20_100_001, { views: ['blank'], size: 64 });
  const path = join(folder, 'image.dcm');
  writeFileSync(path, image!.bytes);
  return { path, sopClassUid: image!.sopClassUid, bytes: image!.bytes };
}

/** The sink in this process, as its command runs it. */
async function openSink(options: { readonly outputFolder?: string } = {}) {
  const lines: string[] = [];
  const end = new AbortController();
  const done = runSink({
    port: 0,
    aeTitle: 'SINK',
    print: (line) => lines.push(line),
    signal: end.signal,
    ...options,
  });
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBeGreaterThan(0);
  const stop = (): Promise<number> => {
    end.abort();
    return done;
  };
  onTestFinished(async () => {
    await stop();
  });
  return { port: Number(/127\.0\.0\.1:(\d+)/.exec(lines[0] ?? '')?.[1]), lines, stop };
}

const sendOutput = (format: 'text' | 'json') => {
  const printed: string[] = [];
  return { output: { format, print: (text: string) => printed.push(text) }, text: () => printed.join('') };
};

describe('echo', () => {
  test('a sink that answers: round trip, its name, and what it takes', async () => {
    const { port } = await openSink();
    const { configFolder } = siteToward(port, 'SINK');
    const { exitCode, text } = await echoPeer(configFolder, 'main', 'text');
    expect(exitCode).toBe(0);
    expect(text).toMatch(/^main: 127\.0\.0\.1:\d+, LUMBAR calls SINK\n {2}answered C-ECHO in \d/);
    expect(text).toContain('takes          Comprehensive 3D SR Storage');
  });

  test('a wrong called AE title: the sentence, and the line of pacs.yaml (exit code 3)', async () => {
    const { port } = await openSink();
    const { configFolder } = siteToward(port, 'ARCHIVE2');
    const { exitCode, text } = await echoPeer(configFolder, 'main', 'text');
    expect(exitCode).toBe(3);
    expect(text.replace(/\s+/g, ' ')).toContain('does not answer to the AE title ARCHIVE2');
    expect(text).toContain('pacs.yaml:5 (calledAeTitle: ARCHIVE2)');
    expect(text).not.toContain('queue retry');
  });

  test('nobody listens: JSON names the row of the table and the setting', async () => {
    const { configFolder } = siteToward(await freePort(), 'ARCHIVE');
    const { exitCode, text } = await echoPeer(configFolder, 'main', 'json');
    expect(exitCode).toBe(3);
    expect(JSON.parse(text)).toMatchObject({
      schema: 1,
      peer: 'main',
      answered: false,
      key: 'unreachable-ECONNREFUSED',
      setting: expect.stringMatching(/pacs\.yaml:3 \(host: 127\.0\.0\.1, port \d+\)$/) as string,
    });
  });

  test('an unknown destination names those there are', async () => {
    const { configFolder } = siteToward(104, 'ARCHIVE');
    await expect(echoPeer(configFolder, 'mian', 'text')).rejects.toMatchObject({
      code: 'NOT_FOUND',
      message: 'no destination is named mian; pacs.yaml has main',
    });
  });

  test.skipIf(storescp === undefined)(
    'DCMTK storescp that takes captures only: reports are named',
    async () => {
      const archive = await startStorescp({
        program: storescp ?? '',
        aeTitle: 'ARCHIVE',
        sopClassUids: [sopClassUid.verification, sopClassUid.secondaryCaptureImageStorage],
      });
      onTestFinished(() => archive.stop());
      const { configFolder } = siteToward(archive.port, 'ARCHIVE');
      const { exitCode, text } = await echoPeer(configFolder, 'main', 'text');
      expect(exitCode).toBe(0);
      expect(text).toContain('does not take  Comprehensive 3D SR Storage');
      expect(text).toContain('takes          Secondary Capture Image Storage');
      expect(text).toContain('OFFIS_DCMTK');
    },
  );
});

describe('send', () => {
  test('bytes arrive as they are; a file that is none is named and the rest goes (exit code 1)', async () => {
    const folder = folderForTest();
    const outputFolder = join(folder, 'got');
    const { port, lines } = await openSink({ outputFolder });
    const { configFolder, store } = siteToward(port, 'SINK');
    const { path, bytes } = imageFile(folder);
    mkdirSync(join(folder, 'sub'));
    const { output, text } = sendOutput('text');
    const exitCode = await sendByHand(
      configFolder,
      [join(configFolder, 'node.yaml'), path, join(folder, 'sub'), join(folder, 'gone.dcm')],
      'main',
      output,
    );
    expect(exitCode).toBe(1);
    expect(text()).toContain('image.dcm: stored (0x0000)');
    expect(text()).toMatch(/node\.yaml:\s+NOT SENT: no DICM prefix/);
    expect(text()).toMatch(/sub:\s+NOT SENT: this is a folder/);
    expect(text()).toMatch(/gone\.dcm:\s+NOT SENT: there is no such file/);
    expect(text()).toContain('1 of 4 files stored at main.');
    expect(lines[1]).toMatch(/^(Digital X-Ray|Computed Radiography).*, \d+ bytes, from LUMBAR$/);
    const [name] = readdirSync(outputFolder);
    const got = readFileSync(join(outputFolder, name!));
    expect(got.subarray(-5000).equals(Buffer.from(bytes).subarray(-5000))).toBe(true);
    const rows = store.auditQuery.query({ event: 'OPERATOR_ACTION', limit: 10 }).rows;
    expect(rows.map(({ fields }) => [fields['action'], fields['count'], fields['destination']])).toEqual(
      expect.arrayContaining([
        ['sends files by hand', 4, 'main'],
        ['sent files by hand', 1, 'main'],
      ]),
    );
    for (const { fields } of rows) {
      expect(fields['operator']).toMatch(/./);
      expect(JSON.stringify(fields)).not.toContain('image.dcm');
    }
  });

  test.skipIf(storescp === undefined)(
    'an archive that does not take the class: refused in words, JSON',
    async () => {
      const archive = await startStorescp({
        program: storescp ?? '',
        aeTitle: 'ARCHIVE',
        sopClassUids: [sopClassUid.secondaryCaptureImageStorage],
      });
      onTestFinished(() => archive.stop());
      const { configFolder } = siteToward(archive.port, 'ARCHIVE');
      const { path } = imageFile(folderForTest());
      const { output, text } = sendOutput('json');
      expect(await sendByHand(configFolder, [path], 'main', output)).toBe(1);
      expect(JSON.parse(text())).toMatchObject({
        schema: 1,
        stored: 0,
        total: 1,
        files: [{ end: { kind: 'refused', key: 'context-3' } }],
      });
    },
  );
});

describe('send-test', () => {
  test.skipIf(storescp === undefined)(
    'DCMTK storescp that takes old reports only: image, capture and report arrive, and what to delete is said',
    async () => {
      const archive = await startStorescp({
        program: storescp ?? '',
        aeTitle: 'ARCHIVE',
        sopClassUids: [
          sopClassUid.digitalXRayImageStorageForPresentation,
          sopClassUid.computedRadiographyImageStorage,
          sopClassUid.secondaryCaptureImageStorage,
          sopClassUid.enhancedSrStorage,
        ],
      });
      onTestFinished(() => archive.stop());
      const { configFolder, store } = siteToward(archive.port, 'ARCHIVE');
      const file = join(configFolder, 'node.yaml');
      const models = JSON.stringify(resolve(import.meta.dirname, '../../../models'));
      writeFileSync(
        file,
        `${readFileSync(file, 'utf8')}model: { folder: ${models}, id: lumbar-nano-sim, providers: [cpu] }\n`,
      );
      const { output, text } = sendOutput('json');
      expect(await sendTest(configFolder, 'main', 'with-image', output)).toBe(0);
      const answer = JSON.parse(text()) as { remove: { studyInstanceUid: string } };
      expect(answer).toMatchObject({
        schema: 1,
        stored: 3,
        total: 3,
        remove: { patientId: 'LUMBAR-NODE-TEST', patientName: 'TEST^PATIENT' },
      });
      const got = archive.files().map((path) => {
        const read = readPart10(readFileSync(path));
        if (!read.ok) throw read.error;
        return read.value.dataSet;
      });
      expect(got.map((one) => one.string('Modality')).sort()).toEqual([
        expect.stringMatching(/^(CR|DX)$/),
        'OT',
        'SR',
      ]);
      for (const one of got) {
        expect(one.string('PatientID')).toBe('LUMBAR-NODE-TEST');
        expect(one.string('PatientName')).toBe('TEST^PATIENT');
        expect(one.string('StudyInstanceUID')).toBe(answer.remove.studyInstanceUid);
      }
      const [row] = store.auditQuery.query({ event: 'OPERATOR_ACTION', limit: 1 }).rows;
      expect(row?.fields['operator']).toMatch(/./);
    },
    60_000,
  );
});

describe('sink', () => {
  test.skipIf(storescuProgram === undefined || echoscu === undefined)(
    'takes what DCMTK storescu sends, says kind and size and no patient, and counts at its end',
    async () => {
      const { port, lines, stop } = await openSink();
      const { path, sopClassUid: classUid } = imageFile(folderForTest());
      const ends = await storescu([path], {
        program: storescuProgram ?? '',
        port,
        callingAeTitle: 'DX_ROOM1',
        calledAeTitle: 'SINK',
        contexts: [{ sopClassUid: classUid, transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian }],
      });
      expect([...ends.values()]).toMatchObject([{ kind: 'answered', status: 0 }]);
      expect(await stop()).toBe(0);
      expect(lines[1]).toMatch(/, \d+ bytes, from DX_ROOM1$/);
      expect(lines.at(-1)).toBe('1 object received.');
      expect(lines.join('\n')).not.toContain('SIM-');
    },
  );

  test('a port in use is said in words (exit code 1)', async () => {
    const { port } = await openSink();
    const lines: string[] = [];
    const exitCode = await runSink({
      port,
      aeTitle: 'SINK',
      print: (line) => lines.push(line),
      signal: new AbortController().signal,
    });
    expect(exitCode).toBe(1);
    expect(lines).toEqual([`Port ${port} is in use: another program listens there. Choose another --port.`]);
  });
});
