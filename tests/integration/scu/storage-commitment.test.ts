import { afterEach, describe, expect, test } from 'vitest';
import { type CommandSet, commandField } from '../../../src/dicom/command-set.ts';
import { readDataSet } from '../../../src/dicom/part10-reader.ts';
import { writeDataSet } from '../../../src/dicom/part10-writer.ts';
import { sopClassUid, storageCommitmentPushModelInstanceUid } from '../../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../../src/dicom/transfer-syntax.ts';
import { defaultRetrySettings } from '../../../src/scu/retry-schedule.ts';
import {
  CommitmentRequester,
  type CommitmentSettings,
  commitmentReported,
} from '../../../src/scu/storage-commitment.ts';
import { MemoryCommitments } from '../../support/memory-commitments.ts';
import { EventLog, MemoryOutbox, SimulatedClock } from '../../support/memory-outbox.ts';
import {
  type PacsScript,
  type Reply,
  type ScriptedPacs,
  startScriptedPacs,
} from '../../support/scripted-pacs.ts';

const hour = 3_600_000;
const running: ScriptedPacs[] = [];

afterEach(async () => {
  for (const pacs of running.splice(0)) {
    await pacs.stop();
  }
});

async function bench(script: PacsScript, settings: Partial<CommitmentSettings> = {}) {
  const pacs = await startScriptedPacs(script);
  running.push(pacs);
  const clock = new SimulatedClock();
  const events = new EventLog(new MemoryOutbox(clock));
  const commitments = new MemoryCommitments();
  commitments.stored('1.2.3.1', sopClassUid.secondaryCaptureImageStorage);
  commitments.stored('1.2.3.2', sopClassUid.comprehensive3dSrStorage);
  let transactions = 0;
  const requester = new CommitmentRequester(
    {
      destination: {
        name: 'main',
        host: '127.0.0.1',
        port: pacs.port,
        calledAeTitle: 'PACS',
        callingAeTitle: 'LUMBAR',
        timeouts: { connectMs: 2000, associateMs: 2000, responseMs: 200 },
      },
      lingerMs: 100,
      reportDeadlineMs: 24 * hour,
      maxObjects: 100,
      retry: defaultRetrySettings,
      ...settings,
    },
    {
      commitments,
      events,
      clock,
      random: () => 0.5,
      newTransactionUid: () => `2.25.${++transactions}`,
    },
  );
  return { pacs, clock, events, commitments, requester };
}

/** N-EVENT-REPORT-RQ of an archive (PS3.4 Table J.3-3). */
function eventReport(
  transactionUid: string,
  committed: readonly string[],
  failed: Readonly<Record<string, number>> = {},
): Reply {
  const hasFailures = Object.keys(failed).length > 0;
  const command: CommandSet = {
    commandField: commandField.nEventReportRequest,
    hasDataSet: true,
    messageId: 900,
    affectedSopClassUid: sopClassUid.storageCommitmentPushModel,
    affectedSopInstanceUid: storageCommitmentPushModelInstanceUid,
    eventTypeId: hasFailures ? 2 : 1,
  };
  const dataSet = writeDataSet({
    TransactionUID: transactionUid,
    ReferencedSOPSequence: committed.map((uid) => ({
      ReferencedSOPClassUID: sopClassUid.secondaryCaptureImageStorage,
      ReferencedSOPInstanceUID: uid,
    })),
    ...(hasFailures
      ? {
          FailedSOPSequence: Object.entries(failed).map(([uid, reason]) => ({
            ReferencedSOPClassUID: sopClassUid.comprehensive3dSrStorage,
            ReferencedSOPInstanceUID: uid,
            FailureReason: reason,
          })),
        }
      : {}),
  });
  return { kind: 'message', command, dataSet };
}

const accepted: Reply = { kind: 'respond', status: 0 };
const onAction = (...replies: readonly Reply[]): PacsScript => ({
  onMessage: ({ command }) => (command.commandField === commandField.nActionRequest ? replies : []),
});

describe('Storage Commitment Push Model as SCU (PS3.4 Annex J)', () => {
  test('the transaction is in the books before the N-ACTION leaves', async () => {
    let known: string[] = [];
    const at = await bench({
      onMessage: () => {
        known = at.commitments.transactionUids();
        return [accepted];
      },
    });
    await at.requester.round();
    expect(known).toEqual(['2.25.1']);
  });

  test('asks for all stored objects in one transaction on the well-known instance; accepted is not committed', async () => {
    const at = await bench(onAction(accepted));
    expect(await at.requester.round()).toEqual({
      kind: 'requested',
      transactionUid: '2.25.1',
      reported: false,
    });
    const [request] = at.pacs.messages;
    expect(request?.command).toMatchObject({
      requestedSopClassUid: sopClassUid.storageCommitmentPushModel,
      requestedSopInstanceUid: storageCommitmentPushModelInstanceUid,
      actionTypeId: 1,
    });
    const read = readDataSet(request!.dataSet, transferSyntaxUid.explicitVrLittleEndian);
    if (!read.ok) throw read.error;
    expect(read.value.dataSet.string('TransactionUID')).toBe('2.25.1');
    expect(
      read.value.dataSet
        .sequence('ReferencedSOPSequence')
        .map((item) => [item.string('ReferencedSOPClassUID'), item.string('ReferencedSOPInstanceUID')]),
    ).toEqual([
      [sopClassUid.secondaryCaptureImageStorage, '1.2.3.1'],
      [sopClassUid.comprehensive3dSrStorage, '1.2.3.2'],
    ]);
    expect(at.commitments.states()).toEqual(['STORED', 'STORED']);
    expect(await at.requester.round()).toEqual({ kind: 'nothing' });
  });

  test('a report on the same association commits, is answered 0000H, and the association is released at once', async () => {
    const at = await bench(onAction(accepted, eventReport('2.25.1', ['1.2.3.1', '1.2.3.2'])), {
      lingerMs: 20_000,
    });
    expect(await at.requester.round()).toMatchObject({ kind: 'requested', reported: true });
    expect(at.commitments.states()).toEqual(['COMMITTED', 'COMMITTED']);
    expect(at.pacs.messages.at(-1)?.command).toMatchObject({
      commandField: commandField.nEventReportResponse,
      status: 0,
      messageIdBeingRespondedTo: 900,
    });
    expect(at.pacs.endings).toEqual(['release']);
  });

  test('a report that overtakes the N-ACTION response counts too', async () => {
    const at = await bench(onAction(eventReport('2.25.1', ['1.2.3.1', '1.2.3.2']), accepted));
    expect(await at.requester.round()).toMatchObject({ kind: 'requested', reported: true });
    expect(at.commitments.states()).toEqual(['COMMITTED', 'COMMITTED']);
  });

  test('implicit VR only: the report is read in the encoding of its context', async () => {
    const report = eventReport('2.25.1', []);
    const dataSet = writeDataSet(
      {
        TransactionUID: '2.25.1',
        ReferencedSOPSequence: [{ ReferencedSOPClassUID: '1.2', ReferencedSOPInstanceUID: '1.2.3.2' }],
      },
      { transferSyntaxUid: transferSyntaxUid.implicitVrLittleEndian },
    );
    const onlyImplicit = (() => {
      let contexts = 0;
      return () => (contexts++ % 2 === 0 ? (4 as const) : (0 as const));
    })();
    const at = await bench({
      ...onAction(accepted, { ...report, dataSet } as Reply),
      contextResult: onlyImplicit,
    });
    expect(await at.requester.round()).toMatchObject({ reported: true });
    expect(at.commitments.states()).toEqual(['STORED', 'COMMITTED']);
  });

  test('a failed item is not committed and raises an alert with its reason', async () => {
    const at = await bench(onAction(accepted, eventReport('2.25.1', ['1.2.3.1'], { '1.2.3.2': 0x0112 })));
    await at.requester.round();
    expect(at.commitments.states()).toEqual(['COMMITTED', 'FAILED 274']);
    expect(at.events.lines).toContain('alert main:commitment-failed');
  });

  test('the same report again changes nothing and is answered 0000H; one that nobody asked for is refused', async () => {
    const at = await bench(onAction(accepted));
    await at.requester.round();
    const report = {
      transactionUid: '2.25.1',
      committed: ['1.2.3.1'],
      failed: [{ sopInstanceUid: '1.2.3.2', failureReason: 0x0110 }],
    };
    const ports = { commitments: at.commitments, events: at.events };
    expect(await commitmentReported(report, ports)).toBe(0);
    expect(await commitmentReported(report, ports)).toBe(0);
    expect(at.events.lines.filter((line) => line === 'alert main:commitment-failed')).toHaveLength(1);
    expect(await commitmentReported({ ...report, transactionUid: '2.25.99' }, ports)).not.toBe(0);
  });

  test('a lost report is asked for again after 24 hours with a new Transaction UID', async () => {
    const at = await bench(onAction(accepted));
    await at.requester.round();
    at.clock.now += 23 * hour;
    expect(await at.requester.round()).toEqual({ kind: 'nothing' });
    at.clock.now += 2 * hour;
    expect(await at.requester.round()).toMatchObject({ kind: 'requested', transactionUid: '2.25.2' });
  });

  const failing: readonly (readonly [string, PacsScript])[] = [
    ['processing failure', onAction({ kind: 'respond', status: 0x0110 })],
    ['resource limitation', onAction({ kind: 'respond', status: 0x0213 })],
    ['duplicate transaction', onAction({ kind: 'respond', status: 0x0131 })],
    ['A-ABORT', onAction({ kind: 'abort', source: 0, reason: 0 })],
    ['silence', onAction()],
    ['rejection', { onAssociate: { kind: 'reject', result: 2, source: 3, reason: 1 } }],
    ['a closed port', { onConnect: 'close' }],
  ];
  test.each(failing)('%s: repeated later with back-off and a new Transaction UID', async (_, script) => {
    const at = await bench(script);
    expect(await at.requester.round()).toMatchObject({ kind: 'failed', transactionUid: '2.25.1' });
    expect(await at.requester.round()).toMatchObject({ kind: 'not-yet' });
    at.pacs.use(onAction(accepted));
    at.clock.now += hour;
    expect(await at.requester.round()).toMatchObject({ kind: 'requested', transactionUid: '2.25.2' });
  });

  const without: readonly (readonly [string, PacsScript])[] = [
    ['no context', { contextResult: (uid) => (uid === sopClassUid.storageCommitmentPushModel ? 3 : 0) }],
    [
      'SOP class not supported',
      {
        onMessage: ({ command }) => [
          { kind: 'respond', status: command.commandField === commandField.nActionRequest ? 0x0122 : 0 },
        ],
      },
    ],
    [
      'no such action',
      {
        onMessage: ({ command }) => [
          { kind: 'respond', status: command.commandField === commandField.nActionRequest ? 0x0123 : 0 },
        ],
      },
    ],
  ];
  test.each(without)(
    'an archive without the service (%s): stored stays stored, looked up by C-FIND once, asked again a day later',
    async (_, script) => {
      const at = await bench(script);
      expect(await at.requester.round()).toMatchObject({ kind: 'unsupported' });
      expect(at.commitments.states()).toEqual(['STORED', 'STORED']);
      expect(at.events.lines).toEqual(['alert main:no-commitment', 'absent 1', 'absent 2']);
      at.clock.now += 25 * hour;
      await at.requester.round();
      expect(at.events.lines.filter((line) => line.startsWith('absent'))).toHaveLength(2);
    },
  );

  test('garbage in a report commits nothing and is refused', async () => {
    const report = eventReport('2.25.1', ['1.2.3.1']);
    const at = await bench(
      onAction(accepted, { ...report, dataSet: Buffer.from('not a data set at all') } as Reply),
    );
    expect(await at.requester.round()).toMatchObject({ kind: 'requested', reported: false });
    expect(at.commitments.states()).toEqual(['STORED', 'STORED']);
    expect(at.pacs.messages.at(-1)?.command.status).toBe(0x0110);
  });
});
