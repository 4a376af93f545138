import type { Clock } from '../core/clock.ts';
import { asNodeError, type ErrorCode, NodeError } from '../core/errors.ts';
import { newUlid } from '../core/identifiers.ts';
import { type CommandSet, responseTo } from '../dicom/command-set.ts';
import type { DataSet } from '../dicom/data-set.ts';
import { scanHeader } from '../dicom/part10-reader.ts';
import { writeFileMeta } from '../dicom/part10-writer.ts';
import { statusCode } from '../dicom/status.ts';
import { parseForeignUid, parseUid } from '../dicom/uid.ts';
import type { AcceptorAssociation, NegotiatedContext } from '../upper-layer/acceptor.ts';
import type { DataSetSink } from '../upper-layer/message-reader.ts';
import type { ScpPorts } from './ports.ts';
import type { Spool } from './spool.ts';
import { SpoolFile, type SyncedFile } from './spool-file.ts';

/** Who stores, for the books and the audit trail. */
export interface StoreOrigin {
  readonly associationId: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly peerIp: string;
}

export interface StoreScpOptions {
  readonly spool: Spool;
  readonly maxObjectBytes: number;
  /** Free space below which no further object is taken. */
  readonly minFreeBytes: () => number;
  readonly clock: Clock;
  readonly ports: ScpPorts;
  /** Told of file work that may outlive its association, so that an orderly stop can wait for it. Never rejects. */
  track(work: Promise<void>): void;
}

/** Header bytes looked at when the identifiers do not stand in the first 64 KiB. */
const longHeaderBytes = 4 * 1024 * 1024;

interface Identifiers {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
}

/**
 * C-STORE SCP (PS3.4 B.2, PS3.7 9.1.1). Streams the data set into the spool without parsing it, and answers 0000H
 * only after fdatasync, a bounded look at the header, rename, fsync of the folder and one committed transaction.
 * A700H: lack of space or an I/O fault; A900H: the data set is not the one the command names; C000H: it cannot be read.
 */
export function receiveInstance(
  association: AcceptorAssociation,
  context: NegotiatedContext,
  command: CommandSet,
  origin: StoreOrigin,
  options: StoreScpOptions,
): DataSetSink {
  const { affectedSopClassUid = '', affectedSopInstanceUid = '' } = command;
  const { clock, ports } = options;
  const answer = (status: number, detail?: string) => {
    if (detail !== undefined) {
      ports.events.record('INSTANCE_REFUSED', {
        callingAeTitle: origin.callingAeTitle,
        associationId: origin.associationId,
        peerIp: origin.peerIp,
        sopClassUid: affectedSopClassUid,
        sopInstanceUid: affectedSopInstanceUid,
        dimseStatus: status,
        detail,
      });
    }
    const comment = detail === undefined ? {} : { errorComment: detail.slice(0, 64) };
    association.respond(context.id, responseTo(command, status, comment));
  };
  const refusal = refusalOf(command);
  if (refusal !== undefined)
    return swallow(association, () => answer(statusCode.dataSetDoesNotMatchSopClass, refusal));
  if (ports.freeSpace.bytes() < options.minFreeBytes())
    return swallow(association, () =>
      answer(statusCode.outOfResources, 'free space is below the watermark; try again later'),
    );
  const instanceId = newUlid(clock.nowMs());
  const file = new SpoolFile({
    spool: options.spool,
    instanceId,
    header: writeFileMeta({
      sopClassUid: affectedSopClassUid,
      sopInstanceUid: affectedSopInstanceUid,
      transferSyntaxUid: context.transferSyntax,
    }),
    maxDataSetBytes: options.maxObjectBytes,
    flow: { pause: () => association.pause(), resume: () => association.resume() },
  });
  const store = async (): Promise<void> => {
    const synced = await file.sync();
    const identifiers = await checkHeader(file, synced, context.transferSyntax, command);
    const path = await file.commit();
    const admitted = await ports.inbox.admit({
      ...origin,
      ...identifiers,
      instanceId,
      sopClassUid: affectedSopClassUid,
      sopInstanceUid: affectedSopInstanceUid,
      transferSyntaxUid: context.transferSyntax,
      sha256: synced.sha256,
      sizeBytes: synced.sizeBytes,
      path,
      receivedAtMs: clock.nowMs(),
    });
    if (admitted === 'duplicate') await file.discard();
    else
      tellOfIllegalUids(
        { instanceId, sopInstanceUid: affectedSopInstanceUid, ...identifiers },
        origin,
        ports,
      );
  };
  return {
    write: (bytes) => file.write(bytes),
    end: () => {
      association.waitForAnswer();
      options.track(
        store().then(
          () => answer(statusCode.success),
          async (error: unknown) => {
            const fault = asNodeError(error);
            await abandon(file, fault, ports);
            answer(statusOfFault(fault.code), fault.message);
          },
        ),
      );
    },
    discard: () => {
      options.track(file.discard().catch((error: unknown) => ports.failStop(asNodeError(error))));
    },
  };
}

/** The DIMSE status for a fault on the way to the disk (PS3.4 Table B.2-1); never 0000H. */
export function statusOfFault(code: ErrorCode): number {
  switch (code) {
    case 'DATASET_MISSING_ATTRIBUTE':
      return statusCode.dataSetDoesNotMatchSopClass;
    case 'DATASET_MALFORMED':
    case 'DATASET_TRUNCATED':
    case 'DATASET_LIMIT':
    case 'DATASET_CHARSET':
    case 'PIXEL_UNSUPPORTED':
      return statusCode.cannotUnderstand;
    default:
      return statusCode.outOfResources;
  }
}

/** After these the disk's or the database's word is worth nothing: stop, restart, recover. */
const fatalCodes: ReadonlySet<ErrorCode> = new Set(['STORE_IO', 'STORE_CORRUPT', 'BUG_INVARIANT']);

async function abandon(file: SpoolFile, fault: NodeError, ports: ScpPorts): Promise<void> {
  if (fatalCodes.has(fault.code)) {
    // The file stays: a transaction whose commit failed may name it after all. The sweep at start decides.
    ports.failStop(fault);
    return;
  }
  try {
    await file.discard();
  } catch (error) {
    ports.failStop(asNodeError(error));
  }
}

function refusalOf(command: CommandSet): string | undefined {
  const isUid = parseForeignUid(command.affectedSopInstanceUid ?? '').ok;
  return isUid ? undefined : 'Affected SOP Instance UID is not a UID (PS3.5 9.1)';
}

/** Takes the data set and forgets it, then answers. */
function swallow(association: AcceptorAssociation, answer: () => void): DataSetSink {
  return {
    write: () => undefined,
    end: () => {
      association.waitForAnswer();
      answer();
    },
    discard: () => undefined,
  };
}

async function checkHeader(
  file: SpoolFile,
  synced: SyncedFile,
  transferSyntaxUid: string,
  command: CommandSet,
): Promise<Identifiers> {
  if (synced.dataSetBytes === 0) throw new NodeError('DATASET_TRUNCATED', 'the data set is empty');
  const first = scan(synced.head, transferSyntaxUid, synced.dataSetBytes);
  const isCut =
    first.string('StudyInstanceUID') === undefined || first.string('SeriesInstanceUID') === undefined;
  const isLonger = synced.dataSetBytes > synced.head.length;
  const dataSet =
    isCut && isLonger
      ? scan(await file.readHead(longHeaderBytes), transferSyntaxUid, synced.dataSetBytes)
      : first;
  if (dataSet.string('SOPClassUID') !== command.affectedSopClassUid) {
    throw mismatch('SOP Class UID differs from the command');
  }
  if (dataSet.string('SOPInstanceUID') !== command.affectedSopInstanceUid) {
    throw mismatch('SOP Instance UID differs from the command');
  }
  return {
    studyInstanceUid: requiredUid(dataSet, 'StudyInstanceUID'),
    seriesInstanceUid: requiredUid(dataSet, 'SeriesInstanceUID'),
  };
}

function scan(bytes: Buffer, transferSyntaxUid: string, totalLength: number): DataSet {
  let result: ReturnType<typeof scanHeader>;
  try {
    result = scanHeader(bytes, transferSyntaxUid, { totalLength });
  } catch (cause) {
    // A reader that stumbles over one file must not stop the process (promise P5).
    throw new NodeError('DATASET_MALFORMED', 'the header cannot be read', { cause });
  }
  if (!result.ok) throw result.error;
  return result.value.dataSet;
}

function requiredUid(dataSet: DataSet, keyword: string): string {
  const uid = parseForeignUid(dataSet.string(keyword) ?? '');
  if (!uid.ok) throw mismatch(`${keyword} is missing or not a UID`);
  return uid.value;
}

/** PS3.5 9.1 forbids leading zeros; real devices send them, and an image is worth more than a rule. */
function tellOfIllegalUids(
  image: Identifiers & { readonly instanceId: string; readonly sopInstanceUid: string },
  { callingAeTitle, associationId, peerIp }: StoreOrigin,
  { events }: ScpPorts,
): void {
  const illegal = Object.entries({
    'SOP Instance UID': image.sopInstanceUid,
    'Series Instance UID': image.seriesInstanceUid,
    'Study Instance UID': image.studyInstanceUid,
  }).flatMap(([name, uid]) => (parseUid(uid).ok ? [] : [name]));
  if (illegal.length === 0) return;
  const detail = `leading zeros in ${illegal.join(', ')}`;
  events.record('INSTANCE_UID_ILLEGAL', { ...image, callingAeTitle, associationId, peerIp, detail });
}

function mismatch(detail: string): NodeError {
  return new NodeError('DATASET_MISSING_ATTRIBUTE', detail);
}
