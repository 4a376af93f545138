import { setTimeout as delay } from 'node:timers/promises';
import { hostClock } from '../../src/store/store.ts';
import { encodeAbort } from '../../src/upper-layer/pdu.ts';
import { BytePeer } from '../../tests/support/byte-peer.ts';
import { startScriptedPacs } from '../../tests/support/scripted-pacs.ts';
import type { Bench, TortureCase } from '../case.ts';
import { startChaosProxy } from '../support/chaos-proxy.ts';
import { ImageFactory } from '../support/images.ts';
import { rssOf } from '../support/process-facts.ts';
import { associatedWith, connectTo, nextStatus, requestBytes, storeBytes } from '../support/raw-peer.ts';
import { reached } from '../support/waiting.ts';

/** N12, N14, N18 to N20, L05: slow peers, many peers, peers that break off. */
export const loadCases: readonly TortureCase[] = [
  {
    id: 'N12',
    title: 'slowloris: a byte at a time in the request, in P-DATA; an idle association',
    injects: 'one byte per 200 ms, or nothing, with timers of 2 s (ARTIM), 3 s (PDU) and 4 s (idle)',
    expects: 'closed when the timer expires, not before',
    quick: true,
    run: async (bench) => {
      const node = await bench.node({
        config: { artimTimeout: '2s', pduTimeout: '3s', idleTimeout: '4s' },
      });
      const trickle = async (peer: BytePeer, bytes: Buffer): Promise<void> => {
        for (let at = 0; at < bytes.length && !peer.socket.destroyed; at++) {
          peer.send(bytes.subarray(at, at + 1));
          await delay(200);
        }
      };
      const image = new ImageFactory(`${bench.seed}/N12`).next();
      const closedAfter = async (peer: BytePeer): Promise<number> => {
        const startMs = hostClock.monotonicMs();
        await Promise.race([peer.closed, delay(30_000)]);
        peer.destroy();
        return (hostClock.monotonicMs() - startMs) / 1000;
      };
      const request = await connectTo(node);
      void trickle(request, requestBytes());
      const silent = await connectTo(node);
      const data = await associatedWith(node);
      void trickle(data, storeBytes(image));
      const idle = await associatedWith(node);
      const [artim = 0, mute = 0, pdu = 0, nothing = 0] = await Promise.all(
        [request, silent, data, idle].map(closedAfter),
      );
      for (const [name, seconds, limit] of [
        ['request', artim, 2],
        ['silent', mute, 2],
        ['P-DATA', pdu, 3],
        ['idle', nothing, 4],
      ] as const) {
        bench.count(`s until ${name} closed (limit ${limit})`, seconds.toFixed(1));
        bench.expect(
          seconds > limit - 1 && seconds < limit + 10,
          `${name} was closed after ${seconds.toFixed(1)} s`,
        );
      }
    },
  },
  {
    id: 'N14',
    title: '100,000 associations in a row, each aborted',
    injects: 'A-ASSOCIATE-RQ, then A-ABORT, as fast as the node answers',
    expects: 'RSS slope below 1 kB per association, descriptors as before',
    run: (bench) => churn(bench, bench.size.churn, 8),
  },
  {
    id: 'L05',
    title: 'connection churn',
    injects: 'connect, half of them with a request, close at once; as many as the machine does in the time',
    expects: 'RSS flat, descriptors as before',
    run: async (bench) => {
      const node = await bench.node();
      const listener = node.pids().listener ?? 0;
      const samples: number[] = [];
      const total = Math.round(bench.size.churn / 5);
      const startMs = hostClock.monotonicMs();
      for (let done = 0; done < total; done += 20) {
        await Promise.all(
          Array.from({ length: 20 }, async (_, number) => {
            const peer = await BytePeer.connect(node.port).catch(() => undefined);
            if (number % 2 === 0) peer?.send(requestBytes());
            if (number % 4 === 0) peer?.socket.resetAndDestroy();
            peer?.destroy();
          }),
        );
        if (done % Math.ceil(total / 40 / 20 || 1) < 20) samples.push(rssOf(listener));
      }
      bench.count('connections', total);
      bench.count('a second', Math.round((1000 * total) / (hostClock.monotonicMs() - startMs)));
      flat(bench, samples, total);
    },
  },
  {
    id: 'N18',
    title: 'peer announces a maximum PDU length of 0, 1, 6, 7, 2^32-1',
    injects: 'as requestor against the listener; as archive in A-ASSOCIATE-AC',
    expects: 'works, or fails cleanly; both processes live',
    run: async (bench) => {
      const lengths = [0, 1, 6, 7, 0xffffffff];
      const pacs = await startScriptedPacs({});
      bench.defer(() => pacs.stop());
      const quiet = await bench.archive({ isAway: true });
      const node = await bench.node({ archive: { ...quiet, port: pacs.port } });
      const factory = new ImageFactory(`${bench.seed}/N18`);
      const sender = node.pids().sender;
      for (const maxPduLength of lengths) {
        const image = factory.next();
        const { userInformation } = plainRequest;
        const peer = await associatedWith(node, { userInformation: { ...userInformation, maxPduLength } });
        peer.send(storeBytes(image));
        bench.expect((await nextStatus(peer)) === 0, `as requestor with ${maxPduLength} it did not store`);
        node.acknowledge(image);
        peer.destroy();
        pacs.use({ maxPduLength });
        bench.expect(await node.isSettled(90_000), `as archive with ${maxPduLength}: ${node.unsettled()}`);
      }
      bench.count('lengths', lengths.length);
      bench.count('objects sent', pacs.messages.length);
      bench.count('longest P-DATA-TF sent', pacs.longestDataPdu);
      bench.expect(node.pids().sender === sender, 'the sender was restarted');
    },
  },
  {
    id: 'N19',
    title: 'reset at every byte offset of a store',
    injects: 'a C-STORE cut by RST after N bytes, N in steps over the whole stream',
    expects: 'never a row for a cut one, part files removed, the whole one stored',
    quick: true,
    run: async (bench) => {
      const node = await bench.shared();
      const image = new ImageFactory(`${bench.seed}/N19`, { size: 384, view: 'ap' }).next();
      const request = requestBytes();
      const stream = Buffer.concat([request, storeBytes(image)]);
      const step = stream.length / bench.size.cuts;
      const before = node.one('SELECT count(*) AS n FROM instance');
      for (let cut = 0; cut < bench.size.cuts; cut++) {
        const at = Math.floor(cut * step);
        const peer = await connectTo(node);
        peer.send(stream.subarray(0, Math.min(at, request.length)));
        if (at > request.length) {
          await peer.nextPdu();
          peer.send(stream.subarray(request.length, at));
        }
        if (cut % 2 === 0) await delay(1);
        peer.socket.resetAndDestroy();
      }
      bench.count('cuts', bench.size.cuts);
      bench.count('bytes of the stream', stream.length);
      bench.expect(
        await reached(
          () => node.one('SELECT count(*) AS n FROM association WHERE closedAtMs IS NULL') === 0,
          30_000,
        ),
        'an association is still called open',
      );
      bench.expect(node.one('SELECT count(*) AS n FROM instance') === before, 'a cut object has a row');
      await node.store([image]);
      bench.expect(node.acknowledged.has(image.sopInstanceUid), 'the whole one was not stored');
    },
  },
  {
    id: 'N20',
    title: 'bad lines: 500 ms delay, 64 kbit/s, stalls, resets',
    injects:
      'a user-space TCP proxy (packet loss itself needs tc netem, which this kernel lacks: a lost packet is modelled as a stall of 200 ms)',
    expects: 'stored or timed out; no second effect',
    run: async (bench) => {
      const node = await bench.shared();
      const proxy = await startChaosProxy(node.port, (probability) => bench.random.chance(probability));
      bench.defer(() => proxy.close());
      const factory = new ImageFactory(`${bench.seed}/N20`);
      let sent = 0;
      for (const [name, weather] of [
        ['delay', { delayMs: 500 }],
        ['stalls', { stallChance: 0.01, delayMs: 5 }],
        ['resets', { resetChance: 0.05 }],
        ['64 kbit/s', { bytesPerSecond: 8000 }],
      ] as const) {
        proxy.use(weather);
        const images = Array.from({ length: name === '64 kbit/s' ? 1 : 4 }, () => factory.next(name));
        const all = await reached(
          async () => {
            const open = images.filter(({ sopInstanceUid }) => !node.acknowledged.has(sopInstanceUid));
            sent += open.length;
            await node.store(open, undefined, { port: proxy.port, timeoutMs: 60_000 });
            return images.every(({ sopInstanceUid }) => node.acknowledged.has(sopInstanceUid));
          },
          240_000,
          100,
        );
        bench.expect(all, `over ${name} not everything was stored in the end`);
      }
      bench.count('images', 13);
      bench.count('sent', sent);
      bench.count('resets', proxy.resets);
    },
  },
];

const plainRequest = {
  userInformation: {
    maxPduLength: 16_384,
    implementationClassUid: '1.2.3.4',
    implementationVersionName: 'BYTES',
    roleSelections: [],
    extendedNegotiations: [],
  },
};

async function churn(bench: Bench, total: number, parallel: number): Promise<void> {
  const node = await bench.node();
  const listener = node.pids().listener ?? 0;
  const samples: number[] = [];
  let done = 0;
  let accepted = 0;
  const abort = encodeAbort({ source: 0, reason: 0 });
  const one = async (): Promise<void> => {
    while (done < total) {
      done++;
      if (done % Math.ceil(total / 100) === 0) {
        samples.push(rssOf(listener));
        if (done % Math.ceil(total / 10) === 0) bench.progress(`${done} associations`);
      }
      const peer = await connectTo(node);
      peer.send(requestBytes());
      if ((await peer.nextPdu())?.type === 2) accepted++;
      peer.send(abort);
      peer.destroy();
    }
  };
  const startMs = hostClock.monotonicMs();
  await Promise.all(Array.from({ length: parallel }, one));
  bench.count('associations', total);
  bench.count('accepted', accepted);
  bench.count('a second', Math.round((1000 * total) / (hostClock.monotonicMs() - startMs)));
  flat(bench, samples, total);
  bench.expect(accepted > total * 0.99, `${total - accepted} were not accepted`);
}

/** The growth of the second half of the samples, per thing done in it. */
function flat(bench: Bench, samples: readonly number[], total: number): void {
  const half = samples.slice(Math.floor(samples.length / 2));
  const middle = Math.floor(half.length / 2);
  const mean = (values: readonly number[]): number =>
    values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);
  const growth = mean(half.slice(middle)) - mean(half.slice(0, middle));
  const perThing = growth / (total / 4);
  bench.count('RSS growth per association, bytes', Math.round(perThing));
  bench.count('RSS MB at the end', Math.round((samples.at(-1) ?? 0) / 1e6));
  bench.expect(perThing < 1000, `RSS grows by ${Math.round(perThing)} bytes each`);
}
