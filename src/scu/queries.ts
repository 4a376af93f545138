import { err, ok, type Result } from '../core/result.ts';
import { commandField } from '../dicom/command-set.ts';
import { readDataSet } from '../dicom/part10-reader.ts';
import { writeDataSet } from '../dicom/part10-writer.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { parseForeignUid } from '../dicom/uid.ts';
import type { DimseMessage } from '../upper-layer/association.ts';
import type { StoreOutcome } from './delivery-decision.ts';
import type { Destination } from './destination.ts';
import { outcomeOfFailure } from './store-outcome.ts';
import { associate, type ObjectContext, type SessionOptions } from './store-scu.ts';

/** Study Root Query/Retrieve - FIND (PS3.4 C.6.2.1). */
const studyRootFind = '1.2.840.10008.5.1.4.1.2.2.1';

/** C-ECHO (PS3.7 9.1.5): what the peer called itself, or why it did not answer. */
export async function verify(
  destination: Destination,
  options: SessionOptions = {},
): Promise<Result<{ readonly implementation: string; readonly peerMaxPduLength: number }, StoreOutcome>> {
  const opened = await associate(destination, [explicitOrImplicit(sopClassUid.verification)], options);
  if (!opened.ok) return opened;
  const association = opened.value;
  const context = association.contextFor(sopClassUid.verification);
  if (context === undefined) {
    await association.release(destination.timeouts.responseMs);
    return err({ kind: 'context', result: association.contextResults[0] ?? -1 });
  }
  const answer = await association.request(
    context.id,
    { commandField: commandField.cEchoRequest, affectedSopClassUid: sopClassUid.verification },
    undefined,
    { timeoutMs: destination.timeouts.responseMs },
  );
  if (!answer.ok) return err(outcomeOfFailure(answer.error, 'request'));
  await association.release(destination.timeouts.responseMs);
  const status = answer.value.command.status ?? 0x0110;
  if (status !== 0) return err({ kind: 'response', status });
  return ok({
    implementation: association.peerImplementation,
    peerMaxPduLength: association.peerMaxPduLength,
  });
}

/** The answer of a peer to one proposed context; `result` as in PS3.8 Table 9-18, -1 when it gave none. */
export interface ProbedContext extends ObjectContext {
  readonly accepted: boolean;
  readonly result: number;
}

/**
 * Proposes the contexts that results will really need and releases at once: nothing is stored. Finds the PACS that
 * answers C-ECHO but takes no reports before the first patient does.
 */
export async function probeContexts(
  destination: Destination,
  kinds: readonly ObjectContext[],
  options: SessionOptions = {},
): Promise<Result<readonly ProbedContext[], StoreOutcome>> {
  const opened = await associate(
    destination,
    kinds.map((kind) => ({ abstractSyntax: kind.sopClassUid, transferSyntaxes: [kind.transferSyntaxUid] })),
    options,
  );
  if (!opened.ok) return opened;
  const association = opened.value;
  await association.release(destination.timeouts.responseMs);
  return ok(
    kinds.map((kind, index) => ({
      sopClassUid: kind.sopClassUid,
      transferSyntaxUid: kind.transferSyntaxUid,
      accepted: association.contextFor(kind.sopClassUid, kind.transferSyntaxUid) !== undefined,
      result: association.contextResults[index] ?? -1,
    })),
  );
}

/** Where an instance lies, for a hierarchical query. */
export interface InstanceKeys {
  readonly studyInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly sopInstanceUid: string;
}

/** Whether the peer's catalogue holds an instance. `unknown`: it has no query service, refused or failed. */
export type Presence = 'found' | 'absent' | 'unknown';

/** An archive that ignores the keys would answer with its whole catalogue. */
const maxMatches = 100;

/**
 * Looks for one instance by C-FIND at IMAGE level (PS3.4 C.4.1, Study Root). Weaker than storage commitment: a
 * catalogue entry is no promise of storage. Only an orderly search without a match counts as absent.
 */
export async function findInstance(
  destination: Destination,
  keys: InstanceKeys,
  options: SessionOptions = {},
): Promise<Presence> {
  const opened = await associate(destination, [explicitOrImplicit(studyRootFind)], options);
  if (!opened.ok) return 'unknown';
  const association = opened.value;
  const context = association.contextFor(studyRootFind);
  if (context === undefined) {
    await association.release(destination.timeouts.responseMs);
    return 'unknown';
  }
  const identifier = encodeIdentifier(keys, context.transferSyntax);
  if (identifier === undefined) {
    await association.release(destination.timeouts.responseMs);
    return 'unknown';
  }
  const matches: DimseMessage[] = [];
  const answer = await association.request(
    context.id,
    { commandField: commandField.cFindRequest, affectedSopClassUid: studyRootFind, priority: 0 },
    identifier,
    {
      timeoutMs: destination.timeouts.responseMs,
      onPending: (match) => {
        if (matches.length < maxMatches) matches.push(match);
      },
    },
  );
  if (!answer.ok) return 'unknown';
  await association.release(destination.timeouts.responseMs);
  if (matches.some((match) => namesInstance(match.dataSet, context.transferSyntax, keys.sopInstanceUid)))
    return 'found';
  return answer.value.command.status === 0 ? 'absent' : 'unknown';
}

/** Undefined when a key is not a UID: devices that make such studies exist, and a query is not worth a crash. */
function encodeIdentifier(keys: InstanceKeys, syntaxUid: string): Uint8Array | undefined {
  const uids = [keys.studyInstanceUid, keys.seriesInstanceUid, keys.sopInstanceUid];
  if (!uids.every((uid) => parseForeignUid(uid).ok)) return undefined;
  return writeDataSet(
    {
      QueryRetrieveLevel: 'IMAGE',
      SOPInstanceUID: keys.sopInstanceUid,
      StudyInstanceUID: keys.studyInstanceUid,
      SeriesInstanceUID: keys.seriesInstanceUid,
    },
    { transferSyntaxUid: syntaxUid },
  );
}

function namesInstance(match: Buffer | undefined, syntaxUid: string, sopInstanceUid: string): boolean {
  if (match === undefined) return false;
  const read = readDataSet(match, syntaxUid);
  return read.ok && read.value.dataSet.string('SOPInstanceUID') === sopInstanceUid;
}

function explicitOrImplicit(abstractSyntax: string): {
  abstractSyntax: string;
  transferSyntaxes: readonly string[];
} {
  return {
    abstractSyntax,
    transferSyntaxes: [transferSyntaxUid.explicitVrLittleEndian, transferSyntaxUid.implicitVrLittleEndian],
  };
}
