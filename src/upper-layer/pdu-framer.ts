import { abortReason, type PduFault, pduType } from './pdu.ts';

/** Longest associate PDU taken: 128 contexts with 64 transfer syntaxes each are below 600 kB. */
const maxAssociatePduLength = 1024 * 1024;
/** Fixed fields of A-ASSOCIATE-RQ/AC before the variable items (PS3.8 Table 9-11). */
const minAssociatePduLength = 68;
const headerBytes = 6;
const pdvHeaderBytes = 6;

/**
 * Part of one presentation data value (PS3.8 9.3.5.1, E.2). A PDV may arrive in several parts; `bytes` is a view of
 * the socket's chunk and is not copied. `endOfPdv` is true on its last part only.
 */
export interface PdvPart {
  readonly contextId: number;
  readonly isCommand: boolean;
  readonly isLastFragment: boolean;
  readonly endOfPdv: boolean;
  readonly bytes: Buffer;
}

/** What the framer tells; each call may close the framer with `PduFramer.close`. */
export interface FramerEvents {
  /** A whole PDU other than P-DATA-TF; `body` is what follows the 6-byte header. */
  pdu(type: number, body: Buffer): void;
  /** The header of a P-DATA-TF PDU was read; its PDVs follow. */
  dataPdu(): void;
  pdv(part: PdvPart): void;
  /** The bytes are not PS3.8. The framer is dead from here on. */
  fault(fault: PduFault): void;
}

/**
 * Cuts a byte stream into PDUs (PS3.8 9.3.1) in one pass. Memory is bounded by one associate PDU (1 MiB): P-DATA-TF is
 * passed on as it arrives, every length is judged as soon as its last byte is there, and a PDU whose type or length is
 * wrong is refused at byte 6 without waiting for its body.
 */
export class PduFramer {
  readonly #maxDataPduLength: number;
  readonly #events: FramerEvents;
  readonly #header = Buffer.alloc(headerBytes);
  readonly #pdvHeader = Buffer.alloc(pdvHeaderBytes);
  #headerFilled = 0;
  #pdvHeaderFilled = 0;
  #body: Buffer | undefined;
  #bodyFilled = 0;
  #pduLeft = 0;
  #pdvLeft = 0;
  #step: 'header' | 'body' | 'pdv-header' | 'pdv' | 'closed' = 'header';
  #completedPdus = 0;

  /** `maxDataPduLength` is the P-DATA-TF length that this side announced (PS3.8 D.1). */
  constructor(maxDataPduLength: number, events: FramerEvents) {
    this.#maxDataPduLength = maxDataPduLength;
    this.#events = events;
  }

  /** True while the first byte of a PDU is in and its last is not. */
  get isInsidePdu(): boolean {
    return this.#step !== 'closed' && (this.#step !== 'header' || this.#headerFilled > 0);
  }

  /** Number of whole PDUs so far; lets a timer tell progress from a slow trickle. */
  get completedPdus(): number {
    return this.#completedPdus;
  }

  /** Ignore everything from here on, also the rest of the chunk being pushed. */
  close(): void {
    this.#step = 'closed';
    this.#body = undefined;
  }

  /** Feeds one chunk. Views of it are handed out: the caller must not reuse its memory. */
  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      switch (this.#step) {
        case 'closed':
          return;
        case 'header':
          at += this.#fillHeader(chunk, at);
          break;
        case 'body':
          at += this.#fillBody(chunk, at);
          break;
        case 'pdv-header':
          at += this.#fillPdvHeader(chunk, at);
          break;
        case 'pdv':
          at += this.#passPdv(chunk, at);
          break;
      }
    }
  }

  #fillHeader(chunk: Buffer, at: number): number {
    const take = Math.min(headerBytes - this.#headerFilled, chunk.length - at);
    chunk.copy(this.#header, this.#headerFilled, at, at + take);
    this.#headerFilled += take;
    const type = this.#header.readUInt8(0);
    if (type < pduType.associateRequest || type > pduType.abort) {
      this.#fail(abortReason.unrecognizedPdu, 'unknown PDU type');
      return take;
    }
    if (this.#headerFilled < headerBytes) return take;
    const length = this.#header.readUInt32BE(2);
    if (!this.#isLengthLegal(type, length)) {
      this.#fail(abortReason.invalidParameter, `PDU type ${type} with length ${length}`);
      return take;
    }
    this.#pduLeft = length;
    if (type === pduType.data) {
      this.#step = 'pdv-header';
      this.#pdvHeaderFilled = 0;
      this.#events.dataPdu();
      return take;
    }
    this.#body = Buffer.allocUnsafe(length);
    this.#bodyFilled = 0;
    this.#step = 'body';
    return take;
  }

  #isLengthLegal(type: number, length: number): boolean {
    if (type === pduType.associateRequest || type === pduType.associateAccept) {
      return length >= minAssociatePduLength && length <= maxAssociatePduLength;
    }
    if (type === pduType.data) return length >= pdvHeaderBytes && length <= this.#maxDataPduLength;
    return length === 4;
  }

  #fillBody(chunk: Buffer, at: number): number {
    const body = this.#body ?? Buffer.alloc(0);
    const take = Math.min(this.#pduLeft, chunk.length - at);
    chunk.copy(body, this.#bodyFilled, at, at + take);
    this.#bodyFilled += take;
    this.#pduLeft -= take;
    if (this.#pduLeft > 0) return take;
    this.#body = undefined;
    this.#endPdu();
    this.#events.pdu(this.#header.readUInt8(0), body);
    return take;
  }

  #fillPdvHeader(chunk: Buffer, at: number): number {
    if (this.#pduLeft + this.#pdvHeaderFilled < pdvHeaderBytes) {
      this.#fail(abortReason.invalidParameter, 'P-DATA-TF ends inside a PDV header');
      return 0;
    }
    const take = Math.min(pdvHeaderBytes - this.#pdvHeaderFilled, chunk.length - at);
    chunk.copy(this.#pdvHeader, this.#pdvHeaderFilled, at, at + take);
    this.#pdvHeaderFilled += take;
    this.#pduLeft -= take;
    if (this.#pdvHeaderFilled < pdvHeaderBytes) return take;
    const length = this.#pdvHeader.readUInt32BE(0);
    if (length < 2 || length - 2 > this.#pduLeft) {
      this.#fail(abortReason.invalidParameter, `PDV length ${length} does not fit its PDU`);
      return take;
    }
    const controlHeader = this.#pdvHeader.readUInt8(5);
    if (controlHeader > 3) {
      this.#fail(abortReason.invalidParameter, 'reserved bits are set in the message control header');
      return take;
    }
    this.#pdvLeft = length - 2;
    this.#step = 'pdv';
    if (this.#pdvLeft > 0) return take;
    if ((controlHeader & 2) === 0) {
      // An endless row of empty fragments would keep an association busy for nothing.
      this.#fail(abortReason.invalidParameter, 'empty PDV that is not the last fragment');
      return take;
    }
    return take + this.#passPdv(chunk, at + take);
  }

  #passPdv(chunk: Buffer, at: number): number {
    const take = Math.min(this.#pdvLeft, chunk.length - at);
    this.#pdvLeft -= take;
    this.#pduLeft -= take;
    const endOfPdv = this.#pdvLeft === 0;
    const control = this.#pdvHeader.readUInt8(5);
    const contextId = this.#pdvHeader.readUInt8(4);
    if (endOfPdv) {
      this.#step = 'pdv-header';
      this.#pdvHeaderFilled = 0;
      if (this.#pduLeft === 0) this.#endPdu();
    }
    this.#events.pdv({
      contextId,
      isCommand: (control & 1) === 1,
      isLastFragment: (control & 2) === 2,
      endOfPdv,
      bytes: chunk.subarray(at, at + take),
    });
    return take;
  }

  #endPdu(): void {
    this.#completedPdus++;
    this.#headerFilled = 0;
    this.#step = 'header';
  }

  #fail(reason: PduFault['reason'], detail: string): void {
    this.close();
    this.#events.fault({ reason, detail });
  }
}
