import { type CommandSet, encodeCommandSet } from '../dicom/command-set.ts';
import type { UpperLayerConnection } from './connection.ts';
import { pdvOverheadBytes } from './pdu.ts';

/** A data set to send: whole, or a stream of pieces of any size that is read only as fast as the peer takes it. */
export type OutgoingDataSet = Uint8Array | AsyncIterable<Uint8Array>;

/** Longest P-DATA-TF this node sends, whatever the peer would take. */
const maxSentPduLength = 131_072;
/** A peer that announces less than this is taken to have announced nonsense (measured: 1 to 6 sends others into endless loops). */
const minPeerPduLength = 256;
const fallbackPduLength = 4_096;
/** Bytes handed to the transport before it is asked to send them. */
const batchBytes = 512 * 1024;

/**
 * The P-DATA-TF length to send by, from what the peer announced (PS3.8 D.1): 0 means no limit and becomes our own
 * maximum, fewer than 256 bytes is not believed and becomes 4096.
 */
export function usablePduLength(announcedByPeer: number): number {
  if (announcedByPeer === 0) return maxSentPduLength;
  if (announcedByPeer < minPeerPduLength) return fallbackPduLength;
  return Math.min(announcedByPeer, maxSentPduLength);
}

/**
 * Cuts DIMSE messages into PDVs of even length, one PDV a PDU (PS3.8 E), and waits whenever the transport is full.
 * One message at a time: a second `send` waits for the first.
 */
export class MessageWriter {
  readonly #connection: UpperLayerConnection;
  readonly #maxFragmentBytes: number;
  #waiting: (() => void) | undefined;
  #tail: Promise<unknown> | undefined;

  constructor(connection: UpperLayerConnection, peerMaxPduLength: number) {
    this.#connection = connection;
    const fragment = usablePduLength(peerMaxPduLength) - (pdvOverheadBytes - 6);
    this.#maxFragmentBytes = fragment - (fragment % 2);
  }

  /** To be called when the transport has drained or closed. */
  drained(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /** Sends a message without a data set; false when the association is over. Only while no `send` is under way. */
  sendCommand(contextId: number, command: CommandSet): boolean {
    this.#connection.cork();
    const sent = this.#sendCommandPdvs(contextId, command);
    this.#connection.uncork();
    return sent;
  }

  /** Sends a message; resolves to false when the association ended meanwhile. An error of the stream is thrown. */
  async send(contextId: number, command: CommandSet, dataSet: OutgoingDataSet | undefined): Promise<boolean> {
    const before = this.#tail;
    const sending = (async () => {
      await before;
      if (!this.sendCommand(contextId, command)) return false;
      return dataSet === undefined || (await this.#sendDataSet(contextId, dataSet));
    })();
    const settled = sending.then(
      () => undefined,
      () => undefined,
    );
    this.#tail = settled;
    return await sending;
  }

  #sendCommandPdvs(contextId: number, command: CommandSet): boolean {
    const bytes = encodeCommandSet(command);
    for (let at = 0; at < bytes.length; at += this.#maxFragmentBytes) {
      const last = at + this.#maxFragmentBytes >= bytes.length;
      const fragment = bytes.subarray(at, at + this.#maxFragmentBytes);
      if (!this.#connection.sendPdv(contextId, last ? 0x03 : 0x01, fragment)) return false;
    }
    return true;
  }

  async #sendDataSet(contextId: number, dataSet: OutgoingDataSet): Promise<boolean> {
    let held: Buffer | undefined;
    this.#connection.cork();
    try {
      for await (const fragment of this.#fragments(dataSet)) {
        // One fragment is held back, because only the one after it tells whether it was the last.
        if (held !== undefined && !(await this.#sendFragment(contextId, 0x00, held))) return false;
        held = fragment;
      }
      return await this.#sendFragment(contextId, 0x02, held ?? Buffer.alloc(0));
    } finally {
      this.#connection.uncork();
    }
  }

  async #sendFragment(contextId: number, controlHeader: number, fragment: Buffer): Promise<boolean> {
    if (!this.#connection.sendPdv(contextId, controlHeader, fragment)) return false;
    if (this.#connection.unsentBytes < batchBytes) return true;
    this.#connection.uncork();
    while (this.#connection.mustWait && this.#connection.state === 6) {
      await new Promise<void>((resolve) => {
        this.#waiting = resolve;
      });
    }
    this.#connection.cork();
    return this.#connection.state === 6;
  }

  async *#fragments(dataSet: OutgoingDataSet): AsyncGenerator<Buffer> {
    const length = this.#maxFragmentBytes;
    let rest: Buffer = Buffer.alloc(0);
    for await (const piece of dataSet instanceof Uint8Array ? [dataSet] : dataSet) {
      const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      let at = 0;
      if (rest.length > 0) {
        // Only as much as completes the fragment is copied.
        at = Math.min(bytes.length, length - rest.length);
        if (at > 0) rest = Buffer.concat([rest, bytes.subarray(0, at)]);
        if (at === bytes.length) continue;
        yield rest;
      }
      for (; bytes.length - at > length; at += length) yield bytes.subarray(at, at + length);
      rest = bytes.subarray(at);
    }
    yield rest;
  }
}
