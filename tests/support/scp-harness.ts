import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import {
  type CommandSet,
  commandField,
  encodeCommandSet,
  parseCommandSet,
} from '../../src/dicom/command-set.ts';
import { writeDataSet } from '../../src/dicom/part10-writer.ts';
import type { CommitmentReport } from '../../src/dicom/storage-commitment.ts';
import type { AssociationPolicy } from '../../src/scp/association-policy.ts';
import { type Listener, type ListenerOptions, startListener } from '../../src/scp/listener.ts';
import type { Inbox, ReceivedInstance, ScpPorts } from '../../src/scp/ports.ts';
import { associateRequestBytes, BytePeer, crUid, dataPdu, verificationUid } from './byte-peer.ts';

export const testPolicy: AssociationPolicy = {
  calledAeTitle: 'LUMBAR',
  senders: ['XRAY1', 'STORESCU', 'ECHOSCU', 'PACS'].map((aeTitle) => ({
    aeTitle,
    cidr: ['127.0.0.0/8'],
    maxAssociations: 32,
  })),
  maxAssociations: 64,
  minFreeBytes: 0,
  maxObjectBytes: 64 * 1024 * 1024,
};

/** A listener with its books in memory. Everything is closed and removed when the test ends. */
export interface OpenDoor {
  readonly listener: Listener;
  readonly port: number;
  readonly spoolDir: string;
  readonly admitted: ReceivedInstance[];
  readonly endings: string[];
  readonly events: { readonly name: string; readonly fields: Readonly<Record<string, unknown>> }[];
  readonly reports: CommitmentReport[];
  readonly failStops: Error[];
  partFiles(): readonly string[];
  bytesOf(instance: ReceivedInstance): Buffer;
}

export async function openDoor(
  options: Partial<ListenerOptions> = {},
  ports: Partial<Omit<ScpPorts, 'inbox'>> & { readonly inbox?: Partial<Inbox> } = {},
): Promise<OpenDoor> {
  const spoolDir = options.spoolDir ?? mkdtempSync(join(tmpdir(), 'lumbar-scp-'));
  const admitted: ReceivedInstance[] = [];
  const endings: string[] = [];
  const events: OpenDoor['events'] = [];
  const reports: CommitmentReport[] = [];
  const failStops: Error[] = [];
  const { inbox, ...otherPorts } = ports;
  const listener = await startListener(
    { host: '127.0.0.1', port: 0, policy: testPolicy, ...options, spoolDir },
    {
      events: { record: (name, fields) => void events.push({ name, fields }) },
      freeSpace: { bytes: () => 1e12 },
      commitments: {
        report: (report) => {
          reports.push(report);
          return Promise.resolve(0x0000);
        },
      },
      failStop: (error) => void failStops.push(error),
      ...otherPorts,
      inbox: {
        associationOpened: () => Promise.resolve(),
        admit: (instance) => {
          admitted.push(instance);
          return Promise.resolve('stored');
        },
        associationClosed: (_id, ending) => Promise.resolve(void endings.push(ending)),
        ...inbox,
      },
    },
  );
  onTestFinished(async () => {
    await listener.close(0);
    rmSync(spoolDir, { recursive: true, force: true });
  });
  return {
    listener,
    port: listener.port,
    spoolDir,
    admitted,
    endings,
    events,
    reports,
    failStops,
    partFiles: () => readdirSync(join(spoolDir, 'in')),
    bytesOf: (instance) => readFileSync(instance.path),
  };
}

/** A peer whose association (contexts of `associateRequest`) has been accepted. */
export async function associated(port: number): Promise<BytePeer> {
  const peer = await BytePeer.connect(port);
  peer.send(associateRequestBytes());
  const answer = await peer.nextPdu();
  if (answer?.type !== 2)
    throw new Error(`expected A-ASSOCIATE-AC, got ${answer?.type ?? 'a closed connection'}`);
  return peer;
}

export const sopInstanceUid = '1.2.826.0.1.3680043.9.9999.1';

export function echoCommand(messageId = 1): Buffer {
  return encodeCommandSet({
    commandField: commandField.cEchoRequest,
    hasDataSet: false,
    messageId,
    affectedSopClassUid: verificationUid,
  });
}

export function storeCommand(changes: Partial<CommandSet> = {}): Buffer {
  return encodeCommandSet({
    commandField: commandField.cStoreRequest,
    hasDataSet: true,
    messageId: 7,
    affectedSopClassUid: crUid,
    affectedSopInstanceUid: sopInstanceUid,
    priority: 0,
    ...changes,
  });
}

/** A small CR data set in Explicit VR Little Endian, `pixelBytes` long in its pixel data. */
export function crDataSet(pixelBytes = 512, changes: Record<string, string> = {}): Buffer {
  return Buffer.from(
    writeDataSet({
      SOPClassUID: crUid,
      SOPInstanceUID: sopInstanceUid,
      StudyInstanceUID: '1.2.826.0.1.3680043.9.9999.2',
      SeriesInstanceUID: '1.2.826.0.1.3680043.9.9999.3',
      PatientName: 'Fictional^Peer',
      PatientID: 'F-1',
      Modality: 'CR',
      PixelData: Buffer.alloc(pixelBytes, 0x5a),
      ...changes,
    }),
  );
}

/** C-STORE in one command PDU and data PDUs of at most `fragmentBytes`. */
export function storeMessage(
  dataSet: Buffer,
  fragmentBytes = 16_000,
  command: Buffer = storeCommand(),
): Buffer {
  const parts = [dataPdu(3, 3, command)];
  for (let at = 0; at < dataSet.length; at += fragmentBytes) {
    const isLast = at + fragmentBytes >= dataSet.length;
    parts.push(dataPdu(3, isLast ? 2 : 0, dataSet.subarray(at, at + fragmentBytes)));
  }
  return Buffer.concat(parts);
}

/** The next DIMSE command that the listener sends, or undefined when something else or nothing came. */
export async function nextResponse(peer: BytePeer): Promise<CommandSet | undefined> {
  const pdu = await peer.nextPdu();
  if (pdu?.type !== 4) return undefined;
  const command = parseCommandSet(pdu.body.subarray(6));
  return command.ok ? command.value : undefined;
}

/** True when a fresh association gets a C-ECHO answered: the listener is alive and serves. */
export async function answersEcho(port: number): Promise<boolean> {
  const peer = await associated(port);
  peer.send(dataPdu(1, 3, echoCommand()));
  const response = await nextResponse(peer);
  peer.destroy();
  return response?.status === 0;
}
