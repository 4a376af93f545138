import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo, Server as NetServer } from 'node:net';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import dimse from 'dcmjs-dimse';
import { sha256Hex } from '../core/identifiers.ts';
import { writeFileMeta } from '../dicom/part10-writer.ts';
import { statusCode } from '../dicom/status.ts';

/** One object as the mini PACS got it. */
export interface ReceivedObject {
  readonly path: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  /** SHA-256 of the data set as it came over the wire. */
  readonly dataSetSha256: string;
  readonly dataSetBytes: number;
  readonly receivedAtMs: number;
}

export interface MiniPacsOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  readonly aeTitle: string;
  /** Every object is written here as <SOP Instance UID>.dcm. */
  readonly folder: string;
  readonly onReceived: (object: ReceivedObject) => void;
  readonly nowMs: () => number;
}

export interface MiniPacs {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * A small archive for the demo, `lumbar-node sink` and tests: answers C-ECHO and stores whatever comes, byte for byte.
 * It stands on dcmjs-dimse, so that the node talks to another implementation of the upper layer than its own. It is a
 * test partner, not an archive: no limits, no access list, loopback only.
 */
export async function startMiniPacs(options: MiniPacsOptions): Promise<MiniPacs> {
  mkdirSync(options.folder, { recursive: true });
  dimse.log.setLevel('error', false);
  const server = new dimse.Server(scpClass(options));
  // The library passes `port` through to net.Server.listen, which takes an options object: the only way to bind a host.
  server.listen({ port: options.port, host: options.host } as unknown as number, { pduTimeout: 10 * 60_000 });
  const listening = (server as unknown as { server: NetServer }).server;
  if (!listening.listening) await once(listening, 'listening');
  return {
    port: (listening.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listening.once('close', () => resolve());
        server.close();
      }),
  };
}

class Collector extends Writable {
  readonly chunks: Buffer[] = [];
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.chunks.push(chunk);
    done();
  }
}

function scpClass(options: MiniPacsOptions): typeof dimse.Scp {
  return class MiniPacsScp extends dimse.Scp {
    #callingAeTitle = '';
    #received: { collector: Collector; transferSyntaxUid: string } | undefined;

    override associationRequested(association: dimse.association.Association): void {
      this.#callingAeTitle = association.getCallingAeTitle();
      if (association.getCalledAeTitle() !== options.aeTitle) {
        const { RejectResult, RejectSource, RejectReason } = dimse.constants;
        this.sendAssociationReject(
          RejectResult.Permanent,
          RejectSource.ServiceUser,
          RejectReason.CalledAeNotRecognized,
        );
        return;
      }
      for (const { id } of association.getPresentationContexts()) {
        const context = association.getPresentationContext(id);
        const [preferred] = context.getTransferSyntaxUids();
        context.setResult(dimse.constants.PresentationContextResult.Accept, preferred);
      }
      this.sendAssociationAccept();
    }

    override associationReleaseRequested(): void {
      this.sendAssociationReleaseResponse();
    }

    override cEchoRequest(
      request: dimse.requests.CEchoRequest,
      callback: (response: dimse.responses.CEchoResponse) => void,
    ): void {
      const response = dimse.responses.CEchoResponse.fromRequest(request);
      response.setStatus(statusCode.success);
      callback(response);
    }

    override createStoreWritableStream(context: dimse.association.PresentationContext): Writable {
      const collector = new Collector();
      this.#received = { collector, transferSyntaxUid: context.getAcceptedTransferSyntaxUid() ?? '' };
      return collector;
    }

    override createDatasetFromStoreWritableStream(
      _writable: Writable,
      _context: dimse.association.PresentationContext,
      callback: (dataSet: dimse.Dataset) => void,
    ): void {
      // The raw bytes are what counts; the library's parser would lose private elements and character sets.
      callback(undefined as unknown as dimse.Dataset);
    }

    override cStoreRequest(
      request: dimse.requests.CStoreRequest,
      callback: (response: dimse.responses.CStoreResponse) => void,
    ): void {
      const response = dimse.responses.CStoreResponse.fromRequest(request);
      response.setStatus(this.#keep(request) ? statusCode.success : statusCode.cannotUnderstand);
      callback(response);
    }

    #keep(request: dimse.requests.CStoreRequest): boolean {
      const received = this.#received;
      this.#received = undefined;
      const sopInstanceUid = request.getAffectedSopInstanceUid();
      const sopClassUid = request.getAffectedSopClassUid();
      if (received === undefined || !/^[0-9.]{1,64}$/.test(sopInstanceUid)) return false;
      const dataSet = Buffer.concat(received.collector.chunks);
      const { transferSyntaxUid } = received;
      const path = join(options.folder, `${sopInstanceUid}.dcm`);
      writeFileSync(
        path,
        Buffer.concat([writeFileMeta({ sopClassUid, sopInstanceUid, transferSyntaxUid }), dataSet]),
      );
      options.onReceived({
        path,
        sopClassUid,
        sopInstanceUid,
        transferSyntaxUid,
        callingAeTitle: this.#callingAeTitle,
        dataSetSha256: sha256Hex(dataSet),
        dataSetBytes: dataSet.length,
        receivedAtMs: options.nowMs(),
      });
      return true;
    }
  };
}
