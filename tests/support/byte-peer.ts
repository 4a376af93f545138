import { connect, type Socket } from 'node:net';
import { encodeAssociateRequest } from '../../src/upper-layer/associate-pdu.ts';
import {
  type AssociateRequest,
  dicomApplicationContext,
  encodePdvHeader,
} from '../../src/upper-layer/pdu.ts';

export interface RawPdu {
  readonly type: number;
  readonly body: Buffer;
}

/** A peer that sends exactly the bytes a test gives it and reports the PDUs that come back. Knows no protocol. */
export class BytePeer {
  readonly socket: Socket;
  readonly closed: Promise<void>;
  #bytes: Buffer = Buffer.alloc(0);
  #isClosed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#bytes = Buffer.concat([this.#bytes, chunk]);
      this.#wake();
    });
    socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      socket.on('close', () => {
        this.#isClosed = true;
        this.#wake();
        resolve();
      });
    });
  }

  static async connect(port: number): Promise<BytePeer> {
    const socket = connect({ host: '127.0.0.1', port });
    const peer = new BytePeer(socket);
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.setNoDelay(true);
    return peer;
  }

  send(...parts: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(parts));
  }

  /** The next whole PDU, or undefined when the connection closed first. */
  async nextPdu(): Promise<RawPdu | undefined> {
    for (;;) {
      const length = this.#bytes.length < 6 ? Number.POSITIVE_INFINITY : this.#bytes.readUInt32BE(2);
      if (this.#bytes.length >= 6 + length) {
        const pdu = { type: this.#bytes.readUInt8(0), body: this.#bytes.subarray(6, 6 + length) };
        this.#bytes = this.#bytes.subarray(6 + length);
        return pdu;
      }
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Types of all PDUs until the connection closes. */
  async rest(): Promise<readonly number[]> {
    const types: number[] = [];
    for (let pdu = await this.nextPdu(); pdu !== undefined; pdu = await this.nextPdu()) types.push(pdu.type);
    return types;
  }

  destroy(): void {
    this.socket.destroy();
  }
}

export const verificationUid = '1.2.840.10008.1.1';
export const crUid = '1.2.840.10008.5.1.4.1.1.1';
export const dxUid = '1.2.840.10008.5.1.4.1.1.1.1';
export const ctUid = '1.2.840.10008.5.1.4.1.1.2';
export const explicitLittleUid = '1.2.840.10008.1.2.1';
export const implicitLittleUid = '1.2.840.10008.1.2';

/** An A-ASSOCIATE-RQ that the test listener accepts: 1 Verification, 3 CR, 5 CT (refused). */
export function associateRequest(changes: Partial<AssociateRequest> = {}): AssociateRequest {
  return {
    protocolVersion: 1,
    calledAeTitle: 'LUMBAR',
    callingAeTitle: 'XRAY1',
    applicationContext: dicomApplicationContext,
    contexts: [
      { id: 1, abstractSyntax: verificationUid, transferSyntaxes: [implicitLittleUid] },
      { id: 3, abstractSyntax: crUid, transferSyntaxes: [explicitLittleUid] },
      { id: 5, abstractSyntax: ctUid, transferSyntaxes: [explicitLittleUid] },
    ],
    userInformation: {
      maxPduLength: 16_384,
      implementationClassUid: '1.2.3.4',
      implementationVersionName: 'BYTES',
      roleSelections: [],
      extendedNegotiations: [],
    },
    ...changes,
  };
}

export function associateRequestBytes(changes: Partial<AssociateRequest> = {}): Buffer {
  return encodeAssociateRequest(associateRequest(changes));
}

/** One P-DATA-TF with one PDV. Control: 1 command, 3 last command, 0 data, 2 last data. */
export function dataPdu(contextId: number, control: number, fragment: Buffer): Buffer {
  return Buffer.concat([encodePdvHeader(contextId, control, fragment.length), fragment]);
}

/** One P-DATA-TF with several PDVs. */
export function manyPdvs(pdvs: readonly { contextId: number; control: number; fragment: Buffer }[]): Buffer {
  const body = Buffer.concat(
    pdvs.map(({ contextId, control, fragment }) => dataPdu(contextId, control, fragment).subarray(6)),
  );
  const header = Buffer.from([4, 0, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 2);
  return Buffer.concat([header, body]);
}
