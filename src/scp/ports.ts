import type { EventFields, EventName } from '../core/events.ts';
import type { CommitmentReport } from '../dicom/storage-commitment.ts';

/** An image that is durable on disk and wants to be taken into the books before it is acknowledged. */
export interface ReceivedInstance {
  /** ULID; also the name of the file. */
  readonly instanceId: string;
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly transferSyntaxUid: string;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  readonly peerIp: string;
  readonly associationId: string;
  /** Of the data set without the file's own header: equal for equal data sets, whoever sent them, in every release. */
  readonly sha256: string;
  readonly sizeBytes: number;
  /** Of the stored file, below the spool folder as the listener was given it. */
  readonly path: string;
  readonly receivedAtMs: number;
}

/** The books. Every promise resolves only after its transaction is on disk. */
export interface Inbox {
  associationOpened(association: {
    readonly associationId: string;
    readonly callingAeTitle: string;
    readonly calledAeTitle: string;
    readonly peerIp: string;
    /** Presentation contexts that were offered and not taken, in words. */
    readonly refusals?: string;
  }): Promise<void>;
  /** `duplicate`: known with the same bytes, the new file is deleted. Rejects with NodeError; see `statusOfFault`. */
  admit(instance: ReceivedInstance): Promise<'stored' | 'duplicate' | 'content-changed'>;
  associationClosed(associationId: string, ending: string): Promise<void>;
}

/** What went wrong at the door, for the audit trail and the log. Never waits, never throws into the data path. */
export interface DoorEvents {
  record<N extends EventName>(name: N, fields: EventFields<N>): void;
}

/** Free bytes on the spool's file system, as of now or a moment ago. */
export interface FreeSpace {
  bytes(): number;
}

/** Takes Storage Commitment results that an archive reports on its own association (PS3.4 J.3.3). */
export interface CommitmentReceiver {
  /** Books the report durably and resolves with the status to answer: 0000H, or 0112H for an unknown transaction. */
  report(report: CommitmentReport): Promise<number>;
}

export interface ScpPorts {
  readonly inbox: Inbox;
  readonly events: DoorEvents;
  readonly freeSpace: FreeSpace;
  readonly commitments: CommitmentReceiver;
  /** Called once after an I/O fault that makes the disk's word worthless (fsync, rename, EIO): the process must stop. */
  failStop(error: Error): void;
}
