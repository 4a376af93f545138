import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { responseTo } from '../../src/dicom/command-set.ts';
import { scanHeader } from '../../src/dicom/part10-reader.ts';
import { negotiateContexts } from '../../src/scp/context-negotiation.ts';
import type { RandomStream } from '../../src/simulator/random.ts';
import { acceptAssociation } from '../../src/upper-layer/acceptor.ts';
import { defaultTimeouts } from '../../src/upper-layer/connection.ts';
import { BytePeer } from '../../tests/support/byte-peer.ts';
import { ManualTimers } from '../../tests/support/manual-timers.ts';
import type { TortureCase } from '../case.ts';
import { runExistingTests } from '../support/existing-tests.ts';
import { ImageFactory } from '../support/images.ts';
import { inPieces, mutate } from '../support/mutator.ts';
import { titles } from '../support/node-config.ts';
import { requestBytes } from '../support/raw-peer.ts';
import { streamSeeds } from '../support/stream-seeds.ts';

/** F01 and F02: bytes that only look like DICOM. */
export const fuzzStreamCases: readonly TortureCase[] = [
  {
    id: 'F01',
    title: 'mutated PDU streams',
    injects:
      'mutations of whole conversations and of shared/data/net in random pieces: in process against framer, state machine, negotiation, DIMSE reader and header scan; a share over sockets against the running listener',
    expects:
      'no throw, bounded output, dead after its end; 0 listener restarts, RSS and descriptors as before',
    quick: true,
    run: async (bench) => {
      const factory = new ImageFactory(`${bench.seed}/F01`, { view: 'ap' });
      const seeds = streamSeeds(factory.next());
      const tally = { aborted: 0, released: 0, rejected: 0, stillOpen: 0, commands: 0, dataSets: 0 };
      const before = process.memoryUsage.rss();
      for (let stream = 0; stream < bench.size.streams; stream++) {
        const bytes = mutateLate(bench.random.pick(seeds), seeds, bench.random);
        const fault = feed(inPieces(bytes, bench.random), tally);
        if (fault !== undefined)
          bench.expect(false, `stream ${stream} (${bytes.subarray(0, 60).toString('hex')}): ${fault}`);
        if (stream % 100_000 === 99_999) bench.progress(`${stream + 1} streams`);
        if (stream % 5000 === 0) await new Promise((done) => setImmediate(done));
      }
      bench.count('streams in process', bench.size.streams);
      bench.count(
        'aborted/released/rejected/still open',
        `${tally.aborted}/${tally.released}/${tally.rejected}/${tally.stillOpen}`,
      );
      bench.count('commands read', tally.commands);
      bench.count('data sets ended', tally.dataSets);
      bench.count('RSS growth of the process MB', Math.round((process.memoryUsage.rss() - before) / 1e6));
      const node = await bench.shared();
      const pid = node.pids().listener;
      await overSockets(node.port, bench.size.socketStreams, seeds, bench.random);
      bench.count('streams over sockets', bench.size.socketStreams);
      bench.expect(node.pids().listener === pid, 'the listener was restarted');
    },
  },
  {
    id: 'F02',
    title: 'header scanner against other readers on valid and broken files',
    injects: 'every file of shared/data, random damage; dcmdump as oracle',
    expects: 'equal or refused',
    run: (bench) => runExistingTests(bench, ['tests/unit/dicom/part10-reader.test.ts']),
  },
];

/** Two thirds of the streams keep a good request whole, so that what comes behind it is reached. */
function mutateLate(seed: Buffer, seeds: readonly Buffer[], random: RandomStream): Buffer {
  const request = requestBytes();
  const keeps = seed.subarray(0, request.length).equals(request) && random.chance(0.67);
  return mutate(seed, seeds, random, keeps ? request.length : 0);
}

interface Tally {
  aborted: number;
  released: number;
  rejected: number;
  stillOpen: number;
  commands: number;
  dataSets: number;
}

/** What an acceptor needs of a socket, without a network below it. */
class SocketStub extends EventEmitter {
  readonly writableNeedDrain = false;
  readonly writableLength = 0;
  writable = true;
  written = 0;
  isDestroyed = false;
  setNoDelay(): void {
    return;
  }
  write(bytes: Uint8Array): boolean {
    this.written += bytes.length;
    return true;
  }
  cork(): void {
    return;
  }
  uncork(): void {
    return;
  }
  pause(): void {
    return;
  }
  resume(): void {
    return;
  }
  end(): void {
    this.writable = false;
  }
  destroy(): void {
    if (this.isDestroyed) return;
    this.isDestroyed = true;
    this.writable = false;
    this.emit('close');
  }
}

/** Feeds one stream to an acceptor as the listener uses it; says what it did wrong. */
function feed(pieces: readonly Buffer[], tally: Tally): string | undefined {
  const socket = new SocketStub();
  let ended = 0;
  let closed = 0;
  let late = '';
  try {
    acceptAssociation({
      socket: socket as unknown as Socket,
      maxPduLength: 131_072,
      maxDataSetBytes: 1_000_000,
      timeouts: defaultTimeouts,
      timers: new ManualTimers(),
      handlers: {
        decide: (request) =>
          request.calledAeTitle === titles.node
            ? {
                kind: 'accept',
                ...negotiateContexts(request.contexts, request.userInformation.roleSelections),
              }
            : { kind: 'reject', reject: { result: 1, source: 1, reason: 7 } },
        established: () => {
          if (ended > 0) late = 'established after its end';
        },
        command: (association, contextId, command) => {
          if (ended > 0) late = 'a command after its end';
          tally.commands++;
          if (!command.hasDataSet) {
            association.respond(contextId, responseTo(command, 0));
            return undefined;
          }
          const parts: Buffer[] = [];
          return {
            write: (bytes) => parts.push(Buffer.from(bytes)),
            end: () => {
              tally.dataSets++;
              const bytes = Buffer.concat(parts);
              const syntax = association.context(contextId)?.transferSyntax ?? '';
              scanHeader(bytes, syntax, { totalLength: bytes.length });
              association.respond(contextId, responseTo(command, 0));
            },
            discard: () => undefined,
          };
        },
        ended: (ending) => {
          ended++;
          if (ending.kind === 'released') tally.released++;
          else if (ending.kind === 'rejected') tally.rejected++;
          else tally.aborted++;
        },
        closed: () => {
          closed++;
        },
      },
    });
    for (const piece of pieces) socket.emit('data', piece);
    if (ended === 0) tally.stillOpen++;
    socket.emit('end');
    socket.destroy();
  } catch (error) {
    return `threw ${error instanceof Error ? (error.stack ?? error.message).split('\n').slice(0, 2).join(' ') : String(error)}`;
  }
  if (late !== '') return late;
  if (ended !== 1 || closed !== 1) return `ended ${ended} times, closed ${closed} times`;
  if (socket.written > 200_000) return `wrote ${socket.written} bytes`;
  return undefined;
}

async function overSockets(
  port: number,
  total: number,
  seeds: readonly Buffer[],
  random: RandomStream,
): Promise<void> {
  let done = 0;
  const one = async (): Promise<void> => {
    while (done < total) {
      done++;
      const peer = await BytePeer.connect(port);
      for (const piece of inPieces(mutateLate(random.pick(seeds), seeds, random), random)) {
        if (peer.socket.destroyed) break;
        peer.send(piece);
      }
      if (random.chance(0.5)) peer.socket.end();
      else peer.socket.resetAndDestroy();
      await Promise.race([peer.closed, new Promise((late) => setTimeout(late, 300))]);
      peer.destroy();
    }
  };
  await Promise.all(Array.from({ length: 8 }, one));
}
