import { setTimeout as delay } from 'node:timers/promises';
import { encodeReleaseRequest, encodeReleaseResponse } from '../../src/upper-layer/pdu.ts';
import { dataPdu, manyPdvs, verificationUid } from '../../tests/support/byte-peer.ts';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { runExistingTests } from '../support/existing-tests.ts';
import { ImageFactory } from '../support/images.ts';
import { cpuSecondsOf } from '../support/process-facts.ts';
import {
  associatedWith,
  connectTo,
  contextIds,
  contextOf,
  echoBytes,
  nextStatus,
  requestBytes,
  storeBytes,
  storeCommand,
  untilClosed,
} from '../support/raw-peer.ts';
import { reached } from '../support/waiting.ts';

const abortPdu = 7;

/** N01 to N08, N15 to N17: bytes that are not PS3.8 or not DIMSE, against the running listener. */
export const protocolCases: readonly TortureCase[] = [
  {
    id: 'N01',
    title: 'PDU type unknown, PDU before association',
    injects: 'raw bytes: types 0, 8 to 255, P-DATA, A-RELEASE first',
    expects: 'A-ABORT and close within 2 s',
    run: async (bench) => {
      const node = await bench.shared();
      const firsts = [
        ...[0, 8, 0x99, 0xff].map((type) => Buffer.from([type, 0, 0, 0, 0, 4, 0, 0, 0, 0])),
        echoBytes(),
        encodeReleaseRequest(),
        encodeReleaseResponse(),
      ];
      for (const first of firsts) await expectAborted(bench, node, first, 'first');
      bench.count('streams', firsts.length);
    },
  },
  {
    id: 'N02',
    title: 'PDU length 0, 67, 4294967280',
    injects: 'raw PDU headers, also as P-DATA-TF on an association',
    expects: 'refused at byte 6 without waiting for a body: CPU below 0.1 s, RSS as before',
    quick: true,
    run: async (bench) => {
      const node = await bench.shared();
      const pid = node.pids().listener ?? 0;
      const cpu = cpuSecondsOf(pid);
      for (const hex of ['010000000000', '010000000043', '0100fffffff0'])
        await expectAborted(bench, node, Buffer.from(hex, 'hex'), 'first');
      for (const hex of ['0400fffffff0', '040000000000', '050000000005'])
        await expectAborted(bench, node, Buffer.from(hex, 'hex'), 'associated');
      const used = cpuSecondsOf(pid) - cpu;
      bench.count('CPU seconds', used.toFixed(2));
      bench.expect(used < 0.3, `the listener used ${used.toFixed(2)} s of CPU`);
    },
  },
  {
    id: 'N03',
    title: 'endless command fragments',
    injects: 'command PDVs without the last-fragment bit, up to 600 MB',
    expects: 'abort at 16 KiB',
    run: async (bench) => {
      const node = await bench.shared();
      const peer = await associatedWith(node);
      const piece = dataPdu(contextIds.verification, 1, Buffer.alloc(4000));
      let sent = 0;
      while (!peer.socket.destroyed && peer.socket.writable && sent < 600e6) {
        if (!peer.socket.write(piece)) await Promise.race([drained(peer.socket), peer.closed, delay(2000)]);
        sent += piece.length;
        await delay(0);
      }
      await reached(() => peer.socket.destroyed, 5000);
      bench.count('bytes written before the end', sent);
      bench.expect(sent < 8e6, `${sent} bytes could be written`);
      peer.destroy();
    },
  },
  {
    id: 'N04',
    title: 'endless data set',
    injects: 'an object over listener.maxObjectSize (1 MiB), and one that never ends',
    expects: 'A700H for the first and the association goes on; abort for the second; part files gone',
    run: async (bench) => {
      const node = await bench.node({ config: { maxObjectSize: '1MiB' } });
      const image = new ImageFactory(`${bench.seed}/N04`).next();
      const command = dataPdu(contextOf(image), 3, storeCommand(image));
      const piece = dataPdu(contextOf(image), 0, Buffer.alloc(100_000));
      const peer = await associatedWith(node);
      peer.send(
        command,
        ...Array.from({ length: 12 }, () => piece),
        dataPdu(contextOf(image), 2, Buffer.alloc(10)),
      );
      const status = await nextStatus(peer);
      bench.count('status', status?.toString(16) ?? 'none');
      bench.expect(status === 0xa700, `answered ${status?.toString(16) ?? 'nothing'}`);
      peer.send(echoBytes(2));
      bench.expect((await nextStatus(peer)) === 0, 'the association did not go on after A700H');
      peer.destroy();
      const endless = await associatedWith(node);
      endless.send(command);
      let sent = 0;
      while (!endless.socket.destroyed && sent < 200e6) {
        if (!endless.socket.write(piece))
          await Promise.race([drained(endless.socket), endless.closed, delay(2000)]);
        sent += piece.length;
      }
      bench.count('bytes taken of the endless one', sent);
      bench.expect(sent < 30e6, `${sent} bytes could be written`);
      endless.destroy();
    },
  },
  {
    id: 'N05',
    title: 'PDV length 0, 1, 2^31-1, 2^32-1, PDV longer than its PDU',
    injects: 'raw P-DATA-TF on an association',
    expects: 'abort, the listener lives',
    run: async (bench) => {
      const node = await bench.shared();
      for (const length of [0, 1, 0x7fffffff, 0xffffffff, 60])
        await expectAborted(bench, node, pdvOfLength(length), 'associated');
      bench.count('streams', 5);
    },
  },
  {
    id: 'N06',
    title: 'the PS3.8 state machine, 13 states x 19 events',
    injects: 'every cell of the table, as data and over sockets',
    expects: 'as Table 9-10 says',
    run: (bench) => runExistingTests(bench, ['tests/unit/upper-layer/state-machine.test.ts']),
  },
  {
    id: 'N11',
    title: 'rejected context used, wrong SOP class, second request, PDU after release',
    injects: 'raw bytes on associations that stand',
    expects: 'abort (or close after a release), 0 rows, PROTOCOL_VIOLATION in the audit',
    run: async (bench) => {
      const node = await bench.shared();
      const image = new ImageFactory(`${bench.seed}/N11`).next();
      const before = node.one('SELECT count(*) AS n FROM instance');
      const violations = node.auditCount('PROTOCOL_VIOLATION');
      const attacks = [
        dataPdu(contextIds.ct, 3, storeCommand(image)),
        dataPdu(contextIds.verification, 3, storeCommand(image)),
        dataPdu(contextOf(image), 3, storeCommand(image, { affectedSopClassUid: verificationUid })),
        requestBytes(),
        dataPdu(9, 3, storeCommand(image)),
      ];
      for (const attack of attacks) await expectAborted(bench, node, attack, 'associated');
      const late = await associatedWith(node);
      late.send(encodeReleaseRequest(), storeBytes(image));
      const types = await untilClosed(late);
      bench.expect(types !== undefined && !types.includes(4), 'something was answered after the release');
      late.destroy();
      bench.count('attacks', attacks.length + 1);
      const seen = await reached(
        () => node.auditCount('PROTOCOL_VIOLATION') >= violations + attacks.length,
        10_000,
      );
      bench.expect(seen, 'I7: not every violation stands in the audit');
      bench.expect(node.one('SELECT count(*) AS n FROM instance') === before, 'a row was written');
    },
  },
  {
    id: 'N15',
    title: 'presentation contexts: 128, ids descending, duplicate, even, 64 syntaxes',
    injects: 'A-ASSOCIATE-RQ built by hand',
    expects: 'legal ones accepted, illegal ones aborted',
    run: async (bench) => {
      const node = await bench.shared();
      const context = (id: number, syntaxes = 1) => ({
        id,
        abstractSyntax: verificationUid,
        transferSyntaxes: Array.from({ length: syntaxes }, (_, index) =>
          index === 0 ? '1.2.840.10008.1.2' : `1.2.3.${index}`,
        ),
      });
      const odd = Array.from({ length: 128 }, (_, index) => 2 * index + 1);
      const legal = [
        odd.map((id) => context(id)),
        odd.toReversed().map((id) => context(id)),
        [context(255, 64)],
      ];
      for (const contexts of legal) (await associatedWith(node, { contexts })).destroy();
      for (const contexts of [[context(1), context(1)], [context(2)]])
        await expectAborted(bench, node, requestBytes({ contexts }), 'first');
      bench.count('legal', legal.length);
      bench.count('illegal', 2);
    },
  },
  {
    id: 'N16',
    title: 'pipelined commands',
    injects: 'a second C-STORE-RQ before the response to the first, in one write',
    expects: 'abort, the listener lives; the first object is whole or absent',
    quick: true,
    run: async (bench) => {
      const node = await bench.shared();
      const factory = new ImageFactory(`${bench.seed}/N16`);
      const pid = node.pids().listener;
      for (let round = 0; round < 10; round++) {
        const peer = await associatedWith(node);
        peer.send(storeBytes(factory.next()), storeBytes(factory.next()));
        const types = await untilClosed(peer);
        bench.expect(types?.at(-1) === abortPdu, `ended with PDUs ${types?.join(' ') ?? 'still open'}`);
        peer.destroy();
      }
      bench.count('associations', 10);
      bench.expect(node.pids().listener === pid, 'the listener was restarted');
    },
  },
  {
    id: 'N17',
    title: 'PDUs of 1 to 8 PDVs of 1 to 256 KiB, command and data in one PDU',
    injects: 'random cutting of data sets into PDVs and PDUs within the announced 128 KiB',
    expects: 'the stored bytes equal the sent ones (I1 compares them)',
    quick: true,
    run: async (bench) => {
      const node = await bench.shared();
      const factory = new ImageFactory(`${bench.seed}/N17`, { view: 'ap' });
      const rounds = bench.quick ? 20 : 1000;
      let stored = 0;
      for (let done = 0; done < rounds; ) {
        const peer = await associatedWith(node);
        for (let more = 0; more < 50 && done < rounds; more++, done++) {
          const image = factory.next('cut');
          for (const pdu of cutAtRandom(bench, image.dataSet, contextOf(image), storeCommand(image)))
            if (!peer.socket.write(pdu)) await drained(peer.socket);
          if ((await nextStatus(peer)) !== 0) break;
          node.acknowledge(image);
          stored++;
        }
        peer.destroy();
      }
      bench.count('objects', stored);
      bench.expect(stored === rounds, `${rounds - stored} were not answered 0000H`);
    },
  },
];

/** Sends the bytes first or on an association that stands; the node must abort and close within 2 s (10 s when loaded). */
async function expectAborted(
  bench: Bench,
  node: AttackedNode,
  bytes: Buffer,
  when: 'first' | 'associated',
): Promise<void> {
  const peer = when === 'first' ? await connectTo(node) : await associatedWith(node);
  peer.send(bytes);
  const types = await untilClosed(peer, 10_000);
  bench.expect(
    types?.at(-1) === abortPdu,
    `${bytes.subarray(0, 16).toString('hex')} (${when}): ${types === undefined ? 'not closed' : `PDUs ${types.join(' ')}`}`,
  );
  peer.destroy();
}

function pdvOfLength(length: number): Buffer {
  const bytes = Buffer.from('04000000001200000000010300000000000000000000000000', 'hex').subarray(0, 24);
  bytes.writeUInt32BE(length, 6);
  return bytes;
}

function drained(socket: {
  once(event: 'drain', done: () => void): unknown;
  writableNeedDrain: boolean;
}): Promise<void> {
  return new Promise((resolve) => {
    if (socket.writableNeedDrain) socket.once('drain', () => resolve());
    else resolve();
  });
}

const announcedPduLength = 131_072;

function cutAtRandom(bench: Bench, dataSet: Buffer, contextId: number, command: Buffer): Buffer[] {
  const { random } = bench;
  const pdvs: { contextId: number; control: number; fragment: Buffer }[] = [
    { contextId, control: 3, fragment: command },
  ];
  for (let at = 0; at < dataSet.length; ) {
    const length = Math.min(dataSet.length - at, Math.ceil(random.between(1, 120_000) ** random.uniform()));
    const isLast = at + length === dataSet.length;
    pdvs.push({ contextId, control: isLast ? 2 : 0, fragment: dataSet.subarray(at, at + length) });
    at += length;
    if (pdvs.length > 400 && !isLast) {
      // Enough tiny ones: the rest goes in large pieces.
      for (; at < dataSet.length; at += 100_000)
        pdvs.push({
          contextId,
          control: at + 100_000 >= dataSet.length ? 2 : 0,
          fragment: dataSet.subarray(at, at + 100_000),
        });
    }
  }
  const pdus: Buffer[] = [];
  for (let next = 0; next < pdvs.length; ) {
    const together: typeof pdvs = [];
    let length = 0;
    const most = Math.ceil(random.between(0, 8));
    while (next < pdvs.length && together.length < most) {
      const pdv = pdvs[next];
      if (pdv === undefined || (together.length > 0 && length + pdv.fragment.length + 6 > announcedPduLength))
        break;
      together.push(pdv);
      length += pdv.fragment.length + 6;
      next++;
    }
    pdus.push(manyPdvs(together));
  }
  return pdus;
}
