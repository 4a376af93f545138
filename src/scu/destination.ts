import type { ConnectionOptions as TlsConnectionOptions } from 'node:tls';
import type { RefusalPeer } from '../dicom/refusal-sentences.ts';

/** One PACS or archive as the sender sees it. Made by the composition root from pacs.yaml. */
export interface Destination {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly calledAeTitle: string;
  /** Our AE title toward this peer. */
  readonly callingAeTitle: string;
  /** Absent: plain DICOM. */
  readonly tls?: TlsConnectionOptions;
  readonly timeouts: DestinationTimeouts;
}

export interface DestinationTimeouts {
  readonly connectMs: number;
  readonly associateMs: number;
  /** From the start of a request to its final response: the outer deadline of one object. */
  readonly responseMs: number;
}

/** The defaults of pacs.yaml. */
export const defaultDestinationTimeouts: DestinationTimeouts = {
  connectMs: 10_000,
  associateMs: 15_000,
  responseMs: 60_000,
};

/** The names that a refusal sentence is filled with. */
export function refusalPeer(destination: Destination): RefusalPeer {
  return {
    name: destination.name,
    host: destination.host,
    port: destination.port,
    calledAe: destination.calledAeTitle,
    callingAe: destination.callingAeTitle,
  };
}
