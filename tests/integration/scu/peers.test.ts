import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../../src/dicom/transfer-syntax.ts';
import type { Destination } from '../../../src/scu/destination.ts';
import { findInstance, probeContexts, verify } from '../../../src/scu/queries.ts';
import { defaultRetrySettings } from '../../../src/scu/retry-schedule.ts';
import { CommitmentRequester, commitmentReported } from '../../../src/scu/storage-commitment.ts';
import { storeObjects } from '../../../src/scu/store-scu.ts';
import { MemoryCommitments } from '../../support/memory-commitments.ts';
import { EventLog, MemoryOutbox } from '../../support/memory-outbox.ts';
import { type Orthanc, startOrthanc } from '../../support/orthanc.ts';
import { peer } from '../../support/peer.ts';
import { freePort } from '../../support/ports.ts';
import { testObject } from '../../support/result-object.ts';
import { openDoor } from '../../support/scp-harness.ts';

const storescp = peer('storescp');
const orthancProgram = peer('Orthanc');

const capture = testObject('1.2.826.0.1.3680043.8.498.1');
const report = testObject('1.2.826.0.1.3680043.8.498.2', sopClassUid.comprehensive3dSrStorage);

function toward(port: number, aeTitle: string, timeouts: Partial<Destination['timeouts']> = {}): Destination {
  return {
    name: 'main',
    host: '127.0.0.1',
    port,
    calledAeTitle: aeTitle,
    callingAeTitle: 'LUMBAR',
    timeouts: { connectMs: 5000, associateMs: 5000, responseMs: 10_000, ...timeouts },
  };
}

describe.skipIf(storescp === undefined)('against DCMTK storescp', () => {
  const children: ChildProcess[] = [];

  afterEach(async () => {
    for (const child of children.splice(0)) {
      child.kill('SIGKILL');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    }
  });

  async function start(
    ...options: string[]
  ): Promise<{ readonly destination: Destination; readonly folder: string }> {
    const folder = mkdtempSync(join(tmpdir(), 'lumbar-storescp-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const port = await freePort();
    const child = spawn(storescp ?? '', ['--output-directory', folder, ...options, String(port)], {
      stdio: 'ignore',
    });
    children.push(child);
    const destination = toward(port, 'STORESCP');
    // storescp says nothing when it listens; a refused port is the only sign that it does not yet.
    await expect.poll(async () => await reaches(port), { timeout: 10_000 }).toBe(true);
    return { destination, folder };
  }

  test('bytes arrive as they were in the file, with storescp writing them unparsed (+B)', async () => {
    const { destination, folder } = await start('+B');
    const big = testObject('1.2.826.0.1.3680043.8.498.3', undefined, 3_000_001);
    expect(await storeObjects(destination, [capture, big])).toEqual([
      { kind: 'response', status: 0 },
      { kind: 'response', status: 0 },
    ]);
    const received = readdirSync(folder).map((name) => readPart10(readFileSync(join(folder, name))));
    const dataSets = received.map((file) => {
      if (!file.ok) throw file.error;
      return Buffer.from(file.value.source.subarray(file.value.dataSetOffset)).toString('base64');
    });
    const sent = [capture, big].map(({ file }) => {
      const read = readPart10(file);
      if (!read.ok) throw read.error;
      return Buffer.from(file.subarray(read.value.dataSetOffset)).toString('base64');
    });
    expect(dataSets.sort()).toEqual(sent.sort());
  });

  test.each(['4096', '16384', '131072'])('its maximum PDU length of %s is kept', async (length) => {
    const { destination } = await start('--max-pdu', length);
    const big = testObject('1.2.826.0.1.3680043.8.498.3', undefined, 1_000_000);
    expect(await storeObjects(destination, [big])).toEqual([{ kind: 'response', status: 0 }]);
  });

  test('--refuse: every association is rejected, nothing counts as sent', async () => {
    const { destination } = await start('--refuse');
    const [outcome] = await storeObjects(destination, [capture]);
    expect(outcome).toMatchObject({ kind: 'rejected' });
  });

  test.each(['--abort-after', '--abort-during'])(
    '%s: the outcome is unknown, never "sent"',
    async (option) => {
      const { destination } = await start(option);
      const [first, second] = await storeObjects(destination, [
        testObject('1.2.826.0.1.3680043.8.498.3', undefined, 500_000),
        report,
      ]);
      expect(first?.kind).toMatch(/^(aborted|lost)$/);
      expect(second).toEqual({ kind: 'not-attempted' });
    },
  );

  test('--sleep-during longer than our patience ends in a timeout and a closed socket', async () => {
    const { destination } = await start('--sleep-during', '5');
    const impatient = { ...destination, timeouts: { ...destination.timeouts, responseMs: 300 } };
    expect(
      await storeObjects(impatient, [testObject('1.2.826.0.1.3680043.8.498.3', undefined, 500_000)]),
    ).toEqual([{ kind: 'timeout', stage: 'response' }]);
  });

  test('C-ECHO and the contexts it takes', async () => {
    const { destination } = await start();
    expect(await verify(destination)).toMatchObject({ ok: true });
    expect(await probeContexts(destination, [capture, report])).toMatchObject({
      ok: true,
      value: [{ accepted: true }, { accepted: true }],
    });
  });
});

describe.skipIf(orthancProgram === undefined)('against Orthanc', () => {
  let orthanc: Orthanc;
  let door: Awaited<ReturnType<typeof reportDoor>>;

  beforeAll(async () => {
    const port = await freePort();
    orthanc = await startOrthanc({
      program: orthancProgram ?? '',
      aeTitle: 'PACS',
      modalities: { lumbar: { aeTitle: 'LUMBAR', host: '127.0.0.1', port } },
    });
    door = reportDoor(port);
    return async () => await orthanc.stop();
  });

  function reportDoor(port: number) {
    const commitments = new MemoryCommitments();
    return { port, commitments };
  }

  test('stores capture and report under one study; both come back byte for byte', async () => {
    const destination = toward(orthanc.dicomPort, 'PACS');
    expect(await storeObjects(destination, [capture, report])).toEqual([
      { kind: 'response', status: 0 },
      { kind: 'response', status: 0 },
    ]);
    const stored = await orthanc.instances();
    expect(stored.get(report.sopInstanceUid)).toMatchObject({
      StudyInstanceUID: report.studyInstanceUid,
      Modality: 'SR',
    });
    const back = readPart10(await orthanc.file(capture.sopInstanceUid));
    const sent = readPart10(capture.file);
    if (!back.ok || !sent.ok) throw new Error('not a Part 10 file');
    expect(
      Buffer.from(back.value.source.subarray(back.value.dataSetOffset)).equals(
        Buffer.from(sent.value.source.subarray(sent.value.dataSetOffset)),
      ),
    ).toBe(true);
    // The same again: Orthanc keeps one, we learn 0000H.
    expect(await storeObjects(destination, [capture])).toEqual([{ kind: 'response', status: 0 }]);
    expect((await orthanc.instances()).size).toBe(stored.size);
  });

  test('C-ECHO, the real contexts, and a C-FIND that tells found from absent', async () => {
    const destination = toward(orthanc.dicomPort, 'PACS');
    expect(await verify(destination)).toMatchObject({ ok: true });
    const kinds = [
      sopClassUid.comprehensive3dSrStorage,
      sopClassUid.comprehensiveSrStorage,
      sopClassUid.enhancedSrStorage,
      sopClassUid.secondaryCaptureImageStorage,
      sopClassUid.grayscaleSoftcopyPresentationStateStorage,
      '1.2.3.4.5',
    ].map((uid) => ({ sopClassUid: uid, transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian }));
    const probed = await probeContexts(destination, kinds);
    expect(probed.ok && probed.value.map((context) => context.accepted)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    await storeObjects(destination, [capture]);
    expect(await findInstance(destination, capture)).toBe('found');
    expect(
      await findInstance(destination, { ...capture, sopInstanceUid: '1.2.826.0.1.3680043.8.498.404' }),
    ).toBe('absent');
  });

  test('storage commitment: Orthanc reports on an association of its own; the object it has is committed, the other is not', async () => {
    const destination = toward(orthanc.dicomPort, 'PACS');
    await storeObjects(destination, [capture]);
    const { commitments } = door;
    commitments.stored(capture.sopInstanceUid, capture.sopClassUid);
    commitments.stored('1.2.826.0.1.3680043.8.498.404', capture.sopClassUid);
    const events = new EventLog(new MemoryOutbox(systemClock));
    const reported = Promise.withResolvers<number>();
    await openDoor(
      { port: door.port },
      {
        commitments: {
          report: async (report) => {
            const status = await commitmentReported(report, { commitments, events });
            reported.resolve(status);
            return status;
          },
        },
      },
    );
    const requester = new CommitmentRequester(
      {
        destination,
        lingerMs: 0,
        reportDeadlineMs: 86_400_000,
        maxObjects: 100,
        retry: defaultRetrySettings,
      },
      { commitments, events, clock: systemClock, random: Math.random, newTransactionUid: () => '2.25.4711' },
    );
    expect(await requester.round()).toEqual({
      kind: 'requested',
      transactionUid: '2.25.4711',
      reported: false,
    });
    expect(await reported.promise).toBe(0);
    expect(commitments.states()).toEqual(['COMMITTED', `FAILED 274`]);
    expect(events.lines).toContain('alert main:commitment-failed');
  });
});

/** Whether anything accepts a TCP connection and an association there. */
async function reaches(port: number): Promise<boolean> {
  const answer = await verify(toward(port, 'STORESCP'));
  return answer.ok || answer.error.kind !== 'unreachable';
}
