import { describe, expect, onTestFinished, test } from 'vitest';
import { deliveryEvents } from '../../../src/app/delivery-events.ts';
import type { Runtime } from '../../../src/app/runtime.ts';
import type { Log } from '../../../src/core/log.ts';
import { commandField } from '../../../src/dicom/command-set.ts';
import { writeDataSet } from '../../../src/dicom/part10-writer.ts';
import { sopClassUid, storageCommitmentPushModelInstanceUid } from '../../../src/dicom/sop-class.ts';
import { abortableSleep } from '../../../src/scu/abortable-sleep.ts';
import { type DeliveryPorts, DeliveryWorker } from '../../../src/scu/delivery.ts';
import { srFallbackChain } from '../../../src/scu/delivery-decision.ts';
import { memoryBytes } from '../../../src/scu/part10-data-set.ts';
import { defaultRetrySettings } from '../../../src/scu/retry-schedule.ts';
import { CommitmentRequester, commitmentReported } from '../../../src/scu/storage-commitment.ts';
import type { Store } from '../../../src/store/store.ts';
import { EventLog, MemoryOutbox } from '../../support/memory-outbox.ts';
import { testObject } from '../../support/result-object.ts';
import {
  type PacsScript,
  type Reply,
  type ScriptedPacs,
  startScriptedPacs,
  storedUids,
} from '../../support/scripted-pacs.ts';
import { analysed, boot, claim, type Fixture, image, openFixture } from '../../unit/store/store-fixture.ts';

async function startPacs(script: PacsScript = {}): Promise<ScriptedPacs> {
  const pacs = await startScriptedPacs(script);
  onTestFinished(async () => await pacs.stop());
  return pacs;
}

type SyslogConfig = NonNullable<Runtime['config']['audit']['syslog']>;

const silentLog: Log = { event: () => undefined, close: () => Promise.resolve() };

function destination(pacs: ScriptedPacs) {
  return {
    name: 'main',
    host: '127.0.0.1',
    port: pacs.port,
    calledAeTitle: 'PACS',
    callingAeTitle: 'LUMBAR',
    timeouts: { connectMs: 2000, associateMs: 2000, responseMs: 2000 },
  };
}

function workerOn(
  store: Store,
  { clock }: Fixture,
  pacs: ScriptedPacs,
  { outbox = store.outbox, events = new EventLog(new MemoryOutbox(clock)) }: Partial<DeliveryPorts> = {},
): DeliveryWorker {
  return new DeliveryWorker(
    {
      destination: destination(pacs),
      deliver: 'on',
      rate: 1000,
      drainRate: 4,
      maxObjectsPerAssociation: 20,
      srClassUids: srFallbackChain,
      usualKinds: [],
      retry: defaultRetrySettings,
    },
    {
      outbox,
      bytes: { open: (object) => memoryBytes(testObject(object.sopInstanceUid, object.sopClassUid).file) },
      fallback: { reencode: () => false },
      events,
      clock,
      random: () => 0.5,
      sleep: async (delayMs, signal) => {
        clock.advance(delayMs);
        await abortableSleep(0, signal);
      },
      bootId: boot,
    },
  );
}

/** This many studies with one capture each waiting for `main`. */
function seed(fixture: Fixture, studies: number): void {
  for (let n = 1; n <= studies; n++) {
    fixture.store.inbox.admit(image(n, { study: n, atMs: fixture.clock.nowMs() }));
    fixture.store.results.commitImageResult(analysed(claim(fixture.store)));
  }
}

function states(store: Store): string[] {
  return store.outbox.list({ limit: 100, offset: 0 }).map((entry) => entry.state);
}

describe('sender on the real store', () => {
  test('what the archive confirmed is STORED, what it committed is COMMITTED, and the rest is not', async () => {
    const fixture = openFixture();
    seed(fixture, 3);
    const { store, clock } = fixture;
    const pacs = await startPacs();
    const worker = workerOn(store, fixture, pacs);
    await worker.round();
    expect(states(store)).toEqual(['STORED', 'STORED', 'STORED']);
    const uids = storedUids(pacs);
    pacs.use({
      onMessage: ({ command }) =>
        command.commandField === commandField.nActionRequest
          ? [{ kind: 'respond', status: 0 }, report('2.25.1', uids.slice(0, 2))]
          : [],
    });
    const requester = new CommitmentRequester(
      {
        destination: destination(pacs),
        lingerMs: 5000,
        reportDeadlineMs: 86_400_000,
        maxObjects: 100,
        retry: defaultRetrySettings,
      },
      {
        commitments: store.commitments,
        events: new EventLog(new MemoryOutbox(clock)),
        clock,
        random: () => 0,
        newTransactionUid: () => '2.25.1',
      },
    );
    expect(await requester.round()).toMatchObject({ kind: 'requested', reported: true });
    expect(states(store).sort()).toEqual(['COMMITTED', 'COMMITTED', 'STORED']);
    expect(store.commitments.storedWithoutCommitment('main', 10)).toHaveLength(1);
    await worker.round();
  });

  test('a sender that dies between the response and its books sends the same object once more, not another (P03)', async () => {
    const fixture = openFixture();
    seed(fixture, 1);
    const pacs = await startPacs();
    const dying: DeliveryPorts['outbox'] = {
      claimDue: (request) => fixture.store.outbox.claimDue(request),
      markStored: () => {
        throw new Error('killed here');
      },
      markWaiting: () => false,
      park: () => false,
      unclaim: () => false,
      parked: () => ({ refused: 0, uncommitted: 0 }),
      nextDueAtMs: () => undefined,
    };
    await expect(workerOn(fixture.store, fixture, pacs, { outbox: dying }).run()).rejects.toThrow(
      'killed here',
    );
    expect(states(fixture.store)).toEqual(['SENDING']);
    fixture.store.close();
    const store = fixture.reopen();
    store.outbox.recoverAll();
    const worker = workerOn(store, fixture, pacs);
    await worker.round();
    expect(states(store)).toEqual(['STORED']);
    expect(new Set(storedUids(pacs)).size).toBe(1);
    expect(pacs.messages).toHaveLength(2);
    expect(pacs.messages[0]!.dataSet.equals(pacs.messages[1]!.dataSet)).toBe(true);
    await worker.round();
  });

  test('a refusal keeps the status, the sentence and the comment of the archive for the operator', async () => {
    const fixture = openFixture();
    seed(fixture, 1);
    const pacs = await startPacs({
      onMessage: () => [{ kind: 'respond', status: 0xa900, errorComment: 'bad module' }],
    });
    const worker = workerOn(fixture.store, fixture, pacs);
    await worker.round();
    await worker.round();
    expect(fixture.store.outbox.list({ limit: 1, offset: 0 })[0]).toMatchObject({
      state: 'PARKED',
      lastStatus: 0xa900,
      lastReason: 'D03',
      lastError: 'main says that the data set does not match its SOP class (0xA900).',
      errorComment: 'bad module',
    });
  });
});

describe('transfers that begin, for an audit record repository (PS3.15 A.5.3.3)', () => {
  const begun = (store: Store) => store.auditQuery.query({ event: 'OBJECT_SENDING', limit: 10 }).rows;
  const sender = (fixture: Fixture, pacs: ScriptedPacs, audit: { readonly syslog?: SyslogConfig }) =>
    workerOn(fixture.store, fixture, pacs, {
      events: deliveryEvents({ config: { audit }, store: fixture.store, log: silentLog }),
    });
  const syslog: SyslogConfig = { host: 'audit.hospital.example', port: 6514 };

  test('told once for each attempt whose association stands, before its end', async () => {
    const fixture = openFixture();
    seed(fixture, 1);
    const pacs = await startPacs({ onMessage: () => [{ kind: 'respond', status: 0xa700 }] });
    const worker = sender(fixture, pacs, { syslog });
    await worker.round();
    pacs.use({});
    fixture.clock.advance(3_600_000);
    await worker.round();
    expect(states(fixture.store)).toEqual(['STORED']);
    const rows = begun(fixture.store);
    expect(rows.map(({ fields }) => fields['attempt']).toSorted()).toEqual([1, 2]);
    const [stored] = fixture.store.auditQuery.query({ event: 'OBJECT_STORED', limit: 1 }).rows;
    expect(Math.max(...rows.map(({ seq }) => seq))).toBeLessThan(stored?.seq ?? 0);
  });

  test('an archive that cannot be reached begins nothing, and without a repository nothing is told', async () => {
    const fixture = openFixture();
    seed(fixture, 1);
    const pacs = await startPacs();
    await pacs.stop();
    await sender(fixture, pacs, { syslog }).round();
    expect(begun(fixture.store)).toEqual([]);
    const open = await startPacs();
    fixture.clock.advance(3_600_000);
    await sender(fixture, open, {}).round();
    expect(states(fixture.store)).toEqual(['STORED']);
    expect(begun(fixture.store)).toEqual([]);
  });
});

describe('alerts of a destination begin once and end when their cause is gone', () => {
  const causes = (store: Store) => store.alerts.active().map(({ cause }) => cause);

  test('parked: over when an operator has the object sent again and it is stored', async () => {
    const fixture = openFixture();
    const { store } = fixture;
    seed(fixture, 1);
    const pacs = await startPacs({ onMessage: () => [{ kind: 'respond', status: 0xa900 }] });
    const worker = workerOn(store, fixture, pacs, {
      events: deliveryEvents({ config: { audit: {} }, store, log: silentLog }),
    });
    await worker.round();
    await worker.round();
    expect(causes(store)).toEqual(['main:parked']);
    pacs.use({});
    store.outbox.retry({ destination: 'main' }, 'A. Operator');
    await worker.round();
    await worker.round();
    expect(states(store)).toEqual(['STORED']);
    expect(causes(store)).toEqual([]);
    expect(store.auditQuery.query({ event: 'ALERT_RECOVERED', limit: 10 }).rows).toHaveLength(1);
  });

  test('parked: over when an operator cancels, and also after a restart of the sender', async () => {
    const fixture = openFixture();
    const { store } = fixture;
    seed(fixture, 2);
    const pacs = await startPacs({ onMessage: () => [{ kind: 'respond', status: 0xa900 }] });
    const events = deliveryEvents({ config: { audit: {} }, store, log: silentLog });
    const first = workerOn(store, fixture, pacs, { events });
    await first.round();
    await first.round();
    store.outbox.cancel({ outboxId: 1 }, 'A. Operator');
    const second = workerOn(store, fixture, pacs, { events });
    await second.round();
    expect(causes(store)).toEqual(['main:parked']);
    store.outbox.cancel({ outboxId: 2 }, 'A. Operator');
    await second.round();
    expect(causes(store)).toEqual([]);
  });

  test('commitment-failed: named by destination, over when nothing that it lacks is parked any more', async () => {
    const fixture = openFixture();
    const { store } = fixture;
    seed(fixture, 1);
    const pacs = await startPacs();
    const events = deliveryEvents({ config: { audit: {} }, store, log: silentLog });
    const worker = workerOn(store, fixture, pacs, { events });
    await worker.round();
    await worker.round();
    const [stored] = store.commitments.storedWithoutCommitment('main', 10);
    store.commitments.open({
      transactionUid: '2.25.1',
      destination: 'main',
      outboxIds: [stored!.outboxId],
      deadlineMs: fixture.clock.nowMs() + 1,
    });
    const lost = { sopInstanceUid: stored!.sopInstanceUid, failureReason: 0x0112 };
    await commitmentReported(
      { transactionUid: '2.25.1', committed: [], failed: [lost] },
      { commitments: store.commitments, events },
    );
    await worker.round();
    expect(causes(store)).toEqual(['main:commitment-failed']);
    store.outbox.retry({ destination: 'main' }, 'A. Operator');
    await worker.round();
    await worker.round();
    expect(states(store)).toEqual(['STORED']);
    expect(causes(store)).toEqual([]);
  });

  test('rejected: over when the archive answers again', async () => {
    const fixture = openFixture();
    const { store } = fixture;
    seed(fixture, 1);
    const pacs = await startPacs({ onAssociate: { kind: 'reject', result: 1, source: 1, reason: 3 } });
    const worker = workerOn(store, fixture, pacs, {
      events: deliveryEvents({ config: { audit: {} }, store, log: silentLog }),
    });
    await worker.round();
    expect(causes(store)).toEqual(['main:rejected']);
    pacs.use({});
    worker.wake();
    fixture.clock.advance(await worker.idleMs());
    await worker.round();
    expect(causes(store)).toEqual([]);
  });
});

function report(transactionUid: string, uids: readonly (string | undefined)[]): Reply {
  return {
    kind: 'message',
    command: {
      commandField: commandField.nEventReportRequest,
      hasDataSet: true,
      messageId: 7,
      affectedSopClassUid: sopClassUid.storageCommitmentPushModel,
      affectedSopInstanceUid: storageCommitmentPushModelInstanceUid,
      eventTypeId: 1,
    },
    dataSet: writeDataSet({
      TransactionUID: transactionUid,
      ReferencedSOPSequence: uids.map((uid) => ({
        ReferencedSOPClassUID: sopClassUid.secondaryCaptureImageStorage,
        ReferencedSOPInstanceUID: uid ?? '',
      })),
    }),
  };
}
