import { afterEach, describe, expect, test } from 'vitest';
import { commandField } from '../../../src/dicom/command-set.ts';
import { writeDataSet } from '../../../src/dicom/part10-writer.ts';
import { sopClassUid } from '../../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../../src/dicom/transfer-syntax.ts';
import { type DeliveryPorts, type DeliverySettings, DeliveryWorker } from '../../../src/scu/delivery.ts';
import { srFallbackChain } from '../../../src/scu/delivery-decision.ts';
import { memoryBytes } from '../../../src/scu/part10-data-set.ts';
import { defaultRetrySettings } from '../../../src/scu/retry-schedule.ts';
import { EventLog, MemoryOutbox, SimulatedClock } from '../../support/memory-outbox.ts';
import { testObject } from '../../support/result-object.ts';
import {
  type PacsScript,
  type Reply,
  type ScriptedPacs,
  startScriptedPacs,
  storedUids,
} from '../../support/scripted-pacs.ts';

const day = 86_400_000;
const running: ScriptedPacs[] = [];

afterEach(async () => {
  for (const pacs of running.splice(0)) {
    await pacs.stop();
  }
});

interface Bench {
  readonly pacs: ScriptedPacs;
  readonly clock: SimulatedClock;
  readonly outbox: MemoryOutbox;
  readonly events: EventLog;
  readonly worker: DeliveryWorker;
  /** Runs the loop, sleeping in simulated time, until all rows are settled or this much time has passed. */
  runFor(simulatedMs: number): Promise<void>;
  /** Called whenever the loop sleeps. */
  onSleep: () => void;
}

async function bench(
  script: PacsScript,
  settings: Partial<DeliverySettings> = {},
  ports: Partial<DeliveryPorts> = {},
): Promise<Bench> {
  const pacs = await startScriptedPacs(script);
  running.push(pacs);
  const clock = new SimulatedClock();
  const outbox = new MemoryOutbox(clock);
  const events = new EventLog(outbox);
  let seed = 1;
  const worker: DeliveryWorker = new DeliveryWorker(
    {
      destination: {
        name: 'main',
        host: '127.0.0.1',
        port: pacs.port,
        calledAeTitle: 'PACS',
        callingAeTitle: 'LUMBAR',
        timeouts: { connectMs: 2000, associateMs: 2000, responseMs: 200 },
      },
      deliver: 'on',
      rate: 1000,
      drainRate: 4,
      maxObjectsPerAssociation: 20,
      srClassUids: srFallbackChain,
      usualKinds: [],
      retry: defaultRetrySettings,
      ...settings,
    },
    {
      outbox,
      bytes: { open: (object) => memoryBytes(outbox.rows[Number(object.path) - 1]!.object.file) },
      fallback: { reencode: () => false },
      events,
      clock,
      random: () => {
        seed = (seed * 16_807) % 2_147_483_647;
        return seed / 2_147_483_647;
      },
      sleep: (delayMs) => {
        clock.now += delayMs;
        self.onSleep();
        return Promise.resolve();
      },
      bootId: 'boot',
      ...ports,
    },
  );
  const self: Bench = {
    pacs,
    clock,
    outbox,
    events,
    worker,
    onSleep: () => undefined,
    runFor: async (simulatedMs) => {
      const endsAtMs = clock.now + simulatedMs;
      while (!outbox.isSettled && clock.now < endsAtMs) {
        if (await worker.round()) continue;
        clock.now += await worker.idleMs();
        self.onSleep();
      }
      await worker.round();
    },
  };
  return self;
}

const respond = (status: number, errorComment?: string): readonly Reply[] => [
  { kind: 'respond', status, ...(errorComment === undefined ? {} : { errorComment }) },
];
const capture = (uid: string) => testObject(uid, sopClassUid.secondaryCaptureImageStorage);
const report = (uid: string) => testObject(uid, sopClassUid.comprehensive3dSrStorage);
const usualKinds = [sopClassUid.secondaryCaptureImageStorage, sopClassUid.comprehensive3dSrStorage].map(
  (uid) => ({
    sopClassUid: uid,
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
  }),
);

describe('delivery loop (results.md 6.1, reliability.md 4.4)', () => {
  test('sends the capture before the report of a study, over one association', async () => {
    const at = await bench({}, { usualKinds });
    at.outbox.add('s1', capture('1.1'));
    at.outbox.add('s1', report('1.2'));
    await at.runFor(60_000);
    expect(storedUids(at.pacs)).toEqual(['1.1', '1.2']);
    expect(at.outbox.states()).toEqual(['STORED', 'STORED']);
    expect(at.pacs.associations).toHaveLength(1);
    expect(at.pacs.endings).toEqual(['release']);
  });

  test('one poison object never holds up the others; it is parked after its second C000H (P06)', async () => {
    const at = await bench({
      onMessage: ({ command }) =>
        respond(command.affectedSopInstanceUid === '6.6.6' ? 0xc000 : 0, 'beyond me'),
    });
    at.outbox.add('bad', capture('6.6.6'));
    for (let i = 1; i <= 20; i++) at.outbox.add(`s${i}`, capture(`1.${i}`));
    await at.runFor(day);
    expect(at.outbox.states()).toEqual(['PARKED', ...Array.from({ length: 20 }, () => 'STORED')]);
    expect(at.outbox.rows[0]).toMatchObject({
      attempts: 2,
      record: { status: 0xc000, reason: 'D03', comment: 'beyond me' },
    });
    expect(at.outbox.rows[0]?.record?.error).toContain('cannot understand the object (0xC000)');
    expect(at.outbox.rows[20]!.storedAtMs! - at.outbox.rows[20]!.createdAtMs).toBeLessThan(1000);
    expect(at.events.lines).toContain('alert main:parked');
    expect(at.events.lines).not.toContain('down main');
  });

  test('a poison object that kills every association does not take the destination down', async () => {
    const at = await bench({
      onMessage: ({ command }) =>
        command.affectedSopInstanceUid === '6.6.6' ? [{ kind: 'abort', source: 0, reason: 0 }] : respond(0),
    });
    at.outbox.add('bad', capture('6.6.6'));
    for (let i = 1; i <= 10; i++) at.outbox.add(`s${i}`, capture(`1.${i}`));
    await at.runFor(day);
    expect(at.outbox.states().slice(1)).toEqual(Array.from({ length: 10 }, () => 'STORED'));
    expect(at.outbox.rows[0]?.state).toBe('WAITING');
    expect(at.outbox.rows[0]!.attempts).toBeGreaterThan(40);
    expect(at.events.lines).not.toContain('down main');
  });

  test('an unknown outcome sends the same UID and the same bytes again (P03)', async () => {
    let isFirst = true;
    const at = await bench({
      onMessage: () => {
        if (!isFirst) return respond(0);
        isFirst = false;
        return [{ kind: 'reset' }];
      },
    });
    at.outbox.add('s1', capture('1.1'));
    await at.runFor(day);
    expect(storedUids(at.pacs)).toEqual(['1.1', '1.1']);
    expect(at.pacs.messages[0]!.dataSet.equals(at.pacs.messages[1]!.dataSet)).toBe(true);
    expect(at.outbox.rows[0]).toMatchObject({ state: 'STORED', attempts: 2 });
  });

  /** results.md 6.1: status, how it ends for a capture, and how often the object was sent within a week. */
  const statusRows: readonly (readonly [
    status: number,
    state: string,
    sent: 'once' | 'twice' | 'thrice' | 'often',
  ])[] = [
    ...[0x0000, 0xb000, 0xb006, 0xb007].map((status) => [status, 'STORED', 'once'] as const),
    ...[0xa700, 0xa77a, 0x0213].map((status) => [status, 'WAITING', 'often'] as const),
    ...[0xa770, 0xa771, 0xa772, 0xa776, 0xa777, 0xa778, 0xa779, 0xa77b].map(
      (status) => [status, 'PARKED', 'once'] as const,
    ),
    ...[0xa900, 0xa9ff].map((status) => [status, 'PARKED', 'once'] as const),
    ...[0xc000, 0xc0ff].map((status) => [status, 'PARKED', 'twice'] as const),
    [0x0110, 'PARKED', 'thrice'],
    ...[0x0105, 0x0106, 0x0107, 0x0112, 0x0114, 0x0115, 0x0116, 0x0117].map(
      (status) => [status, 'PARKED', 'once'] as const,
    ),
    ...[0x0118, 0x0122].map((status) => [status, 'PARKED', 'once'] as const),
    ...[0x0119, 0x0120, 0x0121, 0x0124, 0x0210, 0x0211, 0x0212].map(
      (status) => [status, 'PARKED', 'once'] as const,
    ),
  ];
  test.each(
    statusRows.map(([status, ...rest]) => [status.toString(16).padStart(4, '0'), status, ...rest] as const),
  )('status %sH, answered to a capture every time', async (_, status, state, sent) => {
    const at = await bench({
      onMessage: ({ command }) =>
        respond(command.commandField === commandField.cStoreRequest ? status : 0, 'says the archive'),
    });
    at.outbox.add('s1', capture('1.1'));
    await at.runFor(7 * day);
    expect(at.outbox.states()).toEqual([state]);
    const times = storedUids(at.pacs).length;
    expect(sent === 'often' ? Math.min(times, 100) : times).toBe(
      { once: 1, twice: 2, thrice: 3, often: 100 }[sent],
    );
    expect(at.events.lines.includes('alert main:parked')).toBe(state === 'PARKED');
    if (state === 'PARKED')
      expect(at.outbox.rows[0]?.record).toMatchObject({ status, comment: 'says the archive' });
  });

  test.each([0x0118, 0x0122])('status %i, answered to a report, has it encoded again', async (status) => {
    const offered: string[] = [];
    const at = await bench(
      { onMessage: () => respond(status) },
      {},
      { fallback: { reencode: (_, next) => offered.push(next) < 0 } },
    );
    at.outbox.add('s1', report('1.2'));
    await at.runFor(day);
    expect(offered).toEqual([sopClassUid.comprehensiveSrStorage]);
    expect(storedUids(at.pacs)).toEqual(['1.2']);
  });

  const transient: readonly (readonly [string, PacsScript])[] = [
    ['A-ABORT by the user', { onMessage: () => [{ kind: 'abort', source: 0, reason: 0 }] }],
    ['A-ABORT by the provider', { onMessage: () => [{ kind: 'abort', source: 2, reason: 1 }] }],
    ['a closed connection', { onMessage: () => [{ kind: 'close' }] }],
    ['silence', { onMessage: () => [] }],
    ['a transient rejection', { onAssociate: { kind: 'reject', result: 2, source: 3, reason: 2 } }],
    ['an abort of the association request', { onAssociate: { kind: 'abort', source: 2, reason: 0 } }],
  ];
  test.each(transient)('%s never counts as sent; the same bytes go when it is over', async (_, script) => {
    const at = await bench(script);
    at.outbox.add('s1', capture('1.1'));
    await at.worker.round();
    expect(at.outbox.states()).toEqual(['WAITING']);
    at.pacs.use({});
    await at.runFor(day);
    expect(at.outbox.states()).toEqual(['STORED']);
    expect(new Set(storedUids(at.pacs))).toEqual(new Set(['1.1']));
    expect(at.events.lines).not.toContain('alert main:rejected');
  });

  test('0110H is tried three times with back-off, then parked', async () => {
    const at = await bench({ onMessage: () => respond(0x0110) });
    at.outbox.add('s1', capture('1.1'));
    await at.runFor(7 * day);
    expect(storedUids(at.pacs)).toHaveLength(3);
    expect(at.outbox.states()).toEqual(['PARKED']);
  });

  test('a full archive (A700H) is waited for as long as it takes, a few times an hour in the end', async () => {
    const at = await bench({ onMessage: () => respond(0xa700) });
    at.outbox.add('s1', capture('1.1'));
    await at.runFor(30 * day);
    expect(at.outbox.states()).toEqual(['WAITING']);
    expect(storedUids(at.pacs).length).toBeGreaterThan(1000);
    expect(storedUids(at.pacs).length).toBeLessThan(30 * 24 * 8);
    at.pacs.use({});
    at.clock.now = at.outbox.rows[0]!.nextAtMs;
    expect(await at.worker.round()).toBe(true);
    expect(at.outbox.states()).toEqual(['STORED']);
  });

  test('0111H counts as delivered when a query finds the object or cannot tell, and is parked when it does not', async () => {
    const found = writeDataSet(
      { QueryRetrieveLevel: 'IMAGE', SOPInstanceUID: '1.1' },
      { transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian },
    );
    const duplicate = (query: readonly Reply[]): PacsScript => ({
      onMessage: ({ command }) =>
        command.commandField === commandField.cStoreRequest ? respond(0x0111) : query,
    });
    const match: Reply = {
      kind: 'message',
      command: {
        commandField: commandField.cFindResponse,
        hasDataSet: true,
        messageIdBeingRespondedTo: 1,
        status: 0xff00,
      },
      dataSet: found,
    };
    const ends: string[] = [];
    for (const query of [[match, ...respond(0)], respond(0xa700), respond(0)]) {
      const at = await bench(duplicate(query));
      at.outbox.add('1.2.9', capture('1.1'));
      await at.runFor(60_000);
      ends.push(`${at.outbox.states()[0] ?? ''} ${at.events.lines[0] ?? ''}`);
    }
    expect(ends).toEqual(['STORED found 1', 'STORED unknown 1', 'PARKED absent 1']);
  });

  test('a refused SR context is seen: capture stored, report encoded again class by class, in the end parked with an alert (P05)', async () => {
    const offered: string[] = [];
    const at = await bench(
      { contextResult: (uid) => (uid.includes('.88.') ? 3 : 0) },
      {},
      {
        fallback: {
          reencode: (delivery, next) => {
            offered.push(next);
            const row = at.outbox.row(delivery);
            Object.assign(row, { object: report(`${row.object.sopInstanceUid}.1`), state: 'WAITING' });
            Object.assign(row.object, { sopClassUid: next });
            return true;
          },
        },
      },
    );
    at.outbox.add('s1', capture('1.1'));
    at.outbox.add('s1', report('1.2'));
    await at.runFor(day);
    expect(storedUids(at.pacs)).toEqual(['1.1']);
    expect(at.outbox.states()).toEqual(['STORED', 'PARKED']);
    expect(offered).toEqual([sopClassUid.comprehensiveSrStorage, sopClassUid.enhancedSrStorage]);
    expect(at.outbox.rows[1]?.record).toMatchObject({ reason: 'D05' });
    expect(at.events.lines).toContain('alert main:parked');
  });

  test('rejected for good: one attempt, one alert, the longest wait; a wake-up need not wait for it', async () => {
    const at = await bench({ onAssociate: { kind: 'reject', result: 1, source: 1, reason: 7 } });
    for (let i = 1; i <= 5; i++) at.outbox.add(`s${i}`, capture(`1.${i}`));
    await at.worker.round();
    expect(await at.worker.round()).toBe(false);
    expect(await at.worker.idleMs()).toBeGreaterThan(1_700_000);
    expect(at.pacs.associations).toHaveLength(1);
    expect(at.events.lines).toEqual(['alert main:rejected', 'down main']);
    expect(at.outbox.rows.map((row) => row.attempts)).toEqual([1, 0, 0, 0, 0]);
    expect(at.outbox.rows[0]?.record?.error).toContain('"called AE title not recognized"');
    at.pacs.use({});
    at.worker.wake();
    expect(await at.worker.round()).toBe(false);
    at.clock.now += 30_000;
    expect(await at.worker.round()).toBe(true);
    expect(at.events.lines.slice(2)).toEqual(['up main', 'recovered main:rejected']);
    await at.worker.round();
    expect(at.outbox.states()).toEqual(['WAITING', 'STORED', 'STORED', 'STORED', 'STORED']);
  });

  test('a silent PACS opens the breaker and is asked by C-ECHO, not with objects (P02)', async () => {
    const at = await bench({ onMessage: () => [] });
    for (let i = 1; i <= 6; i++) at.outbox.add(`s${i}`, capture(`1.${i}`));
    await at.runFor(10 * 60_000);
    const sent = storedUids(at.pacs);
    expect(sent).toHaveLength(3);
    expect(at.pacs.messages.length).toBeGreaterThan(4);
    expect(at.events.lines).toEqual(['down main']);
    await expect.poll(() => at.pacs.openSockets()).toBe(0);
  });

  test('7 days away, studies arriving all the time: nothing lost, order kept per study, drained at 4 a second (P01)', async () => {
    const sentAtMs: number[] = [];
    const at = await bench({ onConnect: 'close' }, { usualKinds, rate: 10 });
    const startMs = at.clock.now;
    let studies = 0;
    at.onSleep = () => {
      while (studies < 100 && startMs + (studies * 7 * day) / 100 <= at.clock.now) {
        studies++;
        at.outbox.add(`s${studies}`, capture(`1.${studies}.1`));
        at.outbox.add(`s${studies}`, report(`1.${studies}.2`));
      }
      if (at.clock.now >= startMs + 7 * day) {
        at.pacs.use({
          onMessage: ({ command }) => {
            if (command.commandField === commandField.cStoreRequest) sentAtMs.push(at.clock.now);
            return respond(0);
          },
        });
      }
    };
    at.onSleep();
    await at.runFor(8 * day);
    expect(at.outbox.rows).toHaveLength(200);
    expect(at.outbox.states().every((state) => state === 'STORED')).toBe(true);
    const uids = storedUids(at.pacs);
    expect(new Set(uids).size).toBe(uids.length);
    for (let i = 1; i <= 100; i++) expect(uids.indexOf(`1.${i}.1`)).toBeLessThan(uids.indexOf(`1.${i}.2`));
    const gaps = sentAtMs.slice(1).map((ms, i) => ms - sentAtMs[i]!);
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(250);
    expect(at.events.lines.filter((line) => line.startsWith('down') || line.startsWith('up'))).toEqual([
      'down main',
      'up main',
    ]);
    expect(sentAtMs.at(-1)! - (startMs + 7 * day)).toBeLessThan(10 * 60_000);
  });

  test('a report that waits behind its capture does not make the loop spin', async () => {
    const at = await bench({ onMessage: () => respond(0xa700) });
    at.outbox.add('s1', capture('1.1'));
    at.outbox.add('s1', report('1.2'));
    let sleeps = 0;
    at.onSleep = () => {
      sleeps++;
    };
    await at.runFor(60_000);
    expect(sleeps).toBeLessThan(100);
    expect(storedUids(at.pacs)).not.toContain('1.2');
  });

  test('shadow mode opens no connection and says what would have been sent', async () => {
    const at = await bench({}, { deliver: 'shadow' });
    at.outbox.add('s1', capture('1.1'));
    at.outbox.add('s1', report('1.2'));
    await at.runFor(60_000);
    expect(at.pacs.associations).toHaveLength(0);
    expect(at.events.lines).toEqual(['shadow 1', 'shadow 2']);
  });

  test('a stop lets the object that is being sent finish and gives the other claims back uncounted', async () => {
    const at = await bench({
      onMessage: () => {
        at.worker.stop();
        return respond(0);
      },
    });
    for (let i = 1; i <= 5; i++) at.outbox.add(`s${i}`, capture(`1.${i}`));
    await at.worker.run();
    expect(at.outbox.states()).toEqual(['STORED', 'WAITING', 'WAITING', 'WAITING', 'WAITING']);
    expect(at.outbox.rows.map((row) => row.attempts)).toEqual([1, 0, 0, 0, 0]);
    expect(at.pacs.endings).toEqual(['release']);
  });

  test('a second stop cuts a hanging transfer short; the object stays in the queue', async () => {
    const at = await bench({
      onMessage: () => {
        at.worker.abort();
        return [];
      },
    });
    at.outbox.add('s1', capture('1.1'));
    await at.worker.run();
    expect(at.outbox.states()).toEqual(['WAITING']);
    await expect.poll(() => at.pacs.openSockets()).toBe(0);
  });

  test('a store that fails ends the loop instead of losing the books', async () => {
    const at = await bench({});
    at.outbox.add('s1', capture('1.1'));
    at.outbox.markStored = () => {
      throw new Error('disk I/O error');
    };
    await expect(at.worker.run()).rejects.toThrow('disk I/O error');
    await expect.poll(() => at.pacs.openSockets()).toBe(0);
  });

  test('a wake-up ends a sleep at once', async () => {
    const slept: AbortSignal[] = [];
    const at = await bench(
      {},
      {},
      {
        sleep: (_, signal) => {
          slept.push(signal);
          if (slept.length > 1) at.worker.stop();
          else {
            at.outbox.add('s1', capture('1.1'));
            at.worker.wake();
          }
          return Promise.resolve();
        },
      },
    );
    await at.worker.run();
    expect(slept[0]?.aborted).toBe(true);
    expect(at.outbox.states()).toEqual(['STORED']);
  });
});
