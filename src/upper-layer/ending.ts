import { NodeError } from '../core/errors.ts';

/** How an association ended, once and for all. `detail` names facts of the protocol, never patient data. */
export type Ending =
  | { readonly kind: 'released' }
  | {
      readonly kind: 'rejected';
      readonly by: 'self' | 'peer';
      readonly result: number;
      readonly source: number;
      readonly reason: number;
    }
  | {
      readonly kind: 'aborted';
      readonly by: 'self' | 'peer';
      readonly source: number;
      readonly reason: number;
    }
  | { readonly kind: 'protocol-violation'; readonly detail: string }
  | { readonly kind: 'timeout'; readonly timer: 'artim' | 'pdu' | 'idle' | 'write'; readonly detail: string }
  | { readonly kind: 'lost'; readonly detail: string }
  | { readonly kind: 'internal'; readonly detail: string; readonly cause: NodeError };

/** Why a requestor did not get what it asked for. */
export type AssociationFailure =
  | Exclude<Ending, { readonly kind: 'released' }>
  | { readonly kind: 'connect-failed'; readonly detail: string }
  | { readonly kind: 'connect-timeout'; readonly detail: string }
  | { readonly kind: 'response-timeout'; readonly detail: string }
  | { readonly kind: 'context-not-accepted'; readonly contextId: number }
  | { readonly kind: 'send-failed'; readonly detail: string; readonly cause: unknown };

/** A-ASSOCIATE-RJ in words (PS3.8 Table 9-21). */
export function describeReject(reject: {
  readonly result: number;
  readonly source: number;
  readonly reason: number;
}): string {
  const result = reject.result === 2 ? 'transient' : 'permanent';
  const reasons: Readonly<Record<string, string>> = {
    '1.1': 'no reason given',
    '1.2': 'application context name not supported',
    '1.3': 'calling AE title not recognized',
    '1.7': 'called AE title not recognized',
    '2.1': 'no reason given by the service provider',
    '2.2': 'protocol version not supported',
    '3.1': 'temporary congestion',
    '3.2': 'local limit exceeded',
  };
  return `rejected (${result}): ${reasons[`${reject.source}.${reject.reason}`] ?? `source ${reject.source} reason ${reject.reason}`}`;
}

/** One plain sentence for a log or a person. */
export function describeEnding(ending: Ending | AssociationFailure): string {
  switch (ending.kind) {
    case 'released':
      return 'released';
    case 'rejected':
      return `${describeReject(ending)}, by ${ending.by === 'self' ? 'this node' : 'the peer'}`;
    case 'aborted':
      return `aborted by ${ending.by === 'self' ? 'this node' : 'the peer'} (source ${ending.source}, reason ${ending.reason})`;
    case 'protocol-violation':
      return `protocol violation: ${ending.detail}`;
    case 'context-not-accepted':
      return `presentation context ${ending.contextId} was not accepted`;
    default:
      return ending.detail;
  }
}

/** The failure as a coded error: SCU_CONNECT, SCU_REJECTED, SCU_CONTEXT, SCU_TIMEOUT or SCU_ABORTED. */
export function associationError(failure: AssociationFailure): NodeError {
  const message = describeEnding(failure);
  switch (failure.kind) {
    case 'connect-failed':
    case 'connect-timeout':
      return new NodeError('SCU_CONNECT', message);
    case 'rejected':
      return new NodeError('SCU_REJECTED', message);
    case 'context-not-accepted':
      return new NodeError('SCU_CONTEXT', message);
    case 'response-timeout':
    case 'timeout':
      return new NodeError('SCU_TIMEOUT', message);
    case 'internal':
    case 'send-failed':
      return new NodeError('SCU_ABORTED', message, { cause: failure.cause });
    case 'aborted':
    case 'protocol-violation':
    case 'lost':
      return new NodeError('SCU_ABORTED', message);
  }
}
