import { createHash } from 'node:crypto';
import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/** A DICOM unique identifier that has passed `parseUid` or `parseForeignUid`, or was made by this file. */
export type Uid = string & { readonly __brand: 'Uid' };

/**
 * Checks a UID by PS3.5 9.1: 1 to 64 characters, digits and dots, no empty component, no leading zero.
 * Trailing NUL padding must be removed by the caller (`DataSet.string` does). Error: DATASET_MALFORMED.
 */
export function parseUid(text: string): Result<Uid, NodeError> {
  if (text.length < 1 || text.length > 64 || !/^(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*$/.test(text)) {
    return err(new NodeError('DATASET_MALFORMED', `not a UID (PS3.5 9.1): ${text.length} characters`));
  }
  return ok(text as Uid);
}

/**
 * A UID that somebody else made, for quoting it: as `parseUid`, but a component may begin with zeros (1.2.03.4). PS3.5
 * 9.1 forbids that and devices send it all the same; written in another way it would name another object.
 * Error: DATASET_MALFORMED.
 */
export function parseForeignUid(text: string): Result<Uid, NodeError> {
  if (text.length < 1 || text.length > 64 || !/^\d+(\.\d+)*$/.test(text)) {
    return err(new NodeError('DATASET_MALFORMED', `not a UID (PS3.5 9.1): ${text.length} characters`));
  }
  return ok(text as Uid);
}

/**
 * A reproducible UID below the root `2.25` (PS3.5 B.2): the decimal value of the version-5 UUID (RFC 9562 5.5) of
 * the parts joined with `|` in the given namespace. The same arguments give the same UID on every machine.
 *
 * @param namespace the site's UUID in its 8-4-4-4-12 form; anything else throws BUG_INVARIANT
 */
export function uuidV5Uid(namespace: string, ...parts: readonly string[]): Uid {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(namespace)) {
    throw new NodeError('BUG_INVARIANT', 'the UID namespace is not a UUID');
  }
  const digest = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(parts.join('|'), 'utf8')
    .digest();
  const bytes = digest.subarray(0, 16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x50, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `2.25.${BigInt(`0x${bytes.toString('hex')}`)}` as Uid;
}

/** Implementation Class UID (PS3.7 D.3.3.2) of this program, the same in every file and association it makes. */
export const implementationClassUid = '2.25.107335468646593298118574496618650343229' as Uid;

/** Implementation Version Name (PS3.7 D.3.3.2), at most 16 characters; changes with each release. */
export const implementationVersionName = 'LUMBARNODE_010';
