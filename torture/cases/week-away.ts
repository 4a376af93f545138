import { abortableSleep } from '../../src/scu/abortable-sleep.ts';
import { deliverySettings } from '../../src/app/destination-settings.ts';
import { newUlid, sha256Hex } from '../../src/core/identifiers.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { loadConfig } from '../../src/core/config/index.ts';
import { DeliveryWorker } from '../../src/scu/delivery.ts';
import { memoryBytes } from '../../src/scu/part10-data-set.ts';
import { openStore, type Store } from '../../src/store/store.ts';
import { testObject } from '../../tests/support/result-object.ts';
import type { Bench, TortureCase } from '../case.ts';
import { writeNodeConfig } from '../support/node-config.ts';

const dayMs = 86_400_000;

/** P01: the archive is away for days while studies go on arriving. The clock is simulated, the books and the network are real. */
export const weekAwayCases: readonly TortureCase[] = [
  {
    id: 'P01',
    title: 'archive away for 7 days, 1,000 studies a day, then back',
    injects:
      'store-level seeding with a simulated clock: the real SQLite store and delivery loop, TCP to a closed port, then to the mini PACS; sleeps move the clock',
    expects:
      '0 lost, capture before report in every study, never more than the drain rate, one breaker alert',
    run: weekAway,
  },
];

async function weekAway(bench: Bench): Promise<void> {
  const archive = await bench.archive({ isAway: true });
  const configFolder = `${bench.folder}/config`;
  writeNodeConfig(configFolder, { pacsPort: archive.port, pacsRate: 10 });
  const loaded = loadConfig(configFolder, {});
  const destination = loaded.ok ? loaded.value.config.pacs[0] : undefined;
  if (destination === undefined || destination.deliver === 'off')
    throw new Error('the configuration has no archive');
  const clock = new SimulatedClock();
  const store = openStore({ databasePath: `${bench.folder}/week.sqlite`, clock });
  bench.defer(() => store.close());
  const calls: string[] = [];
  const sentAtMs: number[] = [];
  const settings = deliverySettings({ ...destination, deliver: destination.deliver });
  const worker = new DeliveryWorker(settings, {
    outbox: store.outbox,
    bytes: {
      open: (object) => {
        sentAtMs.push(clock.nowMs());
        return memoryBytes(testObject(object.sopInstanceUid, object.sopClassUid).file);
      },
    },
    fallback: { reencode: () => false },
    events: {
      destinationDown: () => void calls.push('down'),
      destinationUp: () => void calls.push('up'),
      alertStarted: (cause) => void calls.push(`alert ${cause}`),
      alertRecovered: (cause) => void calls.push(`recovered ${cause}`),
      shadowed: () => undefined,
      presenceChecked: () => undefined,
      transferBegins: () => undefined,
    },
    clock,
    random: () => bench.random.uniform(),
    sleep: async (delayMs, signal) => {
      clock.advance(delayMs);
      seedWhatArrived();
      await abortableSleep(0, signal);
    },
    bootId: 'boot',
  });
  const { awayDays, studiesPerDay } = bench.size;
  const total = awayDays * studiesPerDay;
  const startMs = clock.nowMs();
  const backMs = startMs + awayDays * dayMs;
  let seeded = 0;
  let probes = 0;
  const seedWhatArrived = (): void => {
    while (seeded < total && startMs + (seeded * awayDays * dayMs) / total <= clock.nowMs())
      seedStudy(store, clock, seeded++);
  };
  seedWhatArrived();
  while (clock.nowMs() < backMs) {
    probes++;
    if (!(await worker.round())) {
      clock.advance(Math.min(await worker.idleMs(), backMs - clock.nowMs() + 1));
      seedWhatArrived();
    }
  }
  bench.progress(`${seeded} studies wait after ${awayDays} simulated days and ${probes} rounds`);
  const waiting = store.outbox.counts();
  bench.count('studies', seeded);
  bench.count(
    'objects waiting when it came back',
    waiting.reduce((sum, { count }) => sum + count, 0),
  );
  await archive.comeBack();
  const drainStartMs = clock.nowMs();
  while (unsent(store) > 0 && clock.nowMs() < drainStartMs + 7 * dayMs) {
    if (await worker.round()) continue;
    clock.advance(Math.max(1, await worker.idleMs()));
  }
  report(bench, {
    seeded,
    unsent: unsent(store),
    sentAtMs,
    drainStartMs,
    drainRate: settings.drainRate,
    calls,
    received: archive.received,
  });
}

function report(
  bench: Bench,
  run: {
    readonly seeded: number;
    readonly unsent: number;
    readonly sentAtMs: readonly number[];
    readonly drainStartMs: number;
    readonly drainRate: number;
    readonly calls: readonly string[];
    readonly received: readonly { readonly sopInstanceUid: string }[];
  },
): void {
  const uids = run.received.map(({ sopInstanceUid }) => sopInstanceUid);
  const place = new Map(uids.map((uid, index) => [uid, index]));
  let disordered = 0;
  for (let study = 0; study < run.seeded; study++) {
    const capture = place.get(`1.2.3.${study}.1`);
    const reported = place.get(`1.2.3.${study}.2`);
    if (capture === undefined || reported === undefined || capture > reported) disordered++;
  }
  let busiest = 0;
  for (let from = 0, to = 0; to < run.sentAtMs.length; to++) {
    while ((run.sentAtMs[to] ?? 0) - (run.sentAtMs[from] ?? 0) >= 10_000) from++;
    busiest = Math.max(busiest, to - from + 1);
  }
  const seconds = ((run.sentAtMs.at(-1) ?? 0) - run.drainStartMs) / 1000;
  bench.count('received', uids.length);
  bench.count('received twice', uids.length - new Set(uids).size);
  bench.count('never sent', run.unsent);
  bench.count('studies out of order', disordered);
  bench.count('simulated minutes of drain', Math.round(seconds / 60));
  bench.count('objects a second', (uids.length / seconds).toFixed(2));
  bench.count('most in any 10 simulated seconds', busiest);
  bench.count('alerts', run.calls.join(' '));
  bench.expect(run.unsent === 0 && new Set(uids).size === 2 * run.seeded, 'something was lost');
  bench.expect(uids.length === new Set(uids).size, 'something was sent twice');
  bench.expect(disordered === 0, `${disordered} studies came out of order`);
  bench.expect(busiest <= 10 * run.drainRate + 1, `${busiest} objects in ten seconds`);
  bench.expect(
    run.calls.filter((call) => call === 'down').length === 1 && run.calls.includes('up'),
    `the breaker said: ${run.calls.join(' ')}`,
  );
}

function unsent(store: Store): number {
  return (
    store.db
      .sql<{ n: number }>("SELECT count(*) AS n FROM outbox WHERE state NOT IN ('STORED','COMMITTED')")
      .get()?.n ?? 0
  );
}

/** One study with one image, analysed, its capture and its report waiting for the archive. */
function seedStudy(store: Store, clock: SimulatedClock, study: number): void {
  const instanceId = newUlid(clock.nowMs());
  store.inbox.admit({
    instanceId,
    sopClassUid: sopClassUid.digitalXRayImageStorageForPresentation,
    sopInstanceUid: `1.2.3.${study}.9`,
    studyInstanceUid: `1.2.3.${study}`,
    seriesInstanceUid: `1.2.3.${study}.8`,
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
    callingAeTitle: 'TORTURE_DX',
    calledAeTitle: 'LUMBAR_NODE',
    peerIp: '127.0.0.1',
    associationId: 'seeded',
    sha256: sha256Hex(`image of study ${study}`),
    sizeBytes: 1000,
    path: `/nowhere/${instanceId}.dcm`,
    receivedAtMs: clock.nowMs(),
  });
  const job = store.jobs.claim({ claimedBy: 'worker', bootId: 'boot', leaseMs: 60_000 });
  if (job === undefined) throw new Error('the queue gave no job');
  const object = (kind: 'SC' | 'SR', number: number, classUid: string) => ({
    objectId: `${instanceId}-${kind}`,
    kind,
    sopClassUid: classUid,
    sopInstanceUid: `1.2.3.${study}.${number}`,
    seriesInstanceUid: `1.2.3.${study}.7.${number}`,
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
    path: `${instanceId}-${kind}`,
    sha256: sha256Hex(`${kind} of study ${study}`),
    sizeBytes: 1000,
  });
  store.results.commitImageResult({
    job,
    disposition: 'analysed',
    reasons: [],
    objects: [
      object('SC', 1, sopClassUid.secondaryCaptureImageStorage),
      object('SR', 2, sopClassUid.comprehensive3dSrStorage),
    ],
    destinations: ['archive'],
  });
}

class SimulatedClock {
  #nowMs = Date.UTC(2026, 0, 5, 8);
  #monotonicMs = 0;
  nowMs(): number {
    return this.#nowMs;
  }
  monotonicMs(): number {
    return this.#monotonicMs;
  }
  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }
}
