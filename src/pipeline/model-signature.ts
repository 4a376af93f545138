import { createPublicKey, type KeyObject, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { NodeError, asNodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/** SHA-256 of each file of a package, by its name within the package. */
export type PackageSums = ReadonlyMap<string, string>;

/** The file that `sha256sum` writes, and its detached signature: 64 raw bytes, as `openssl pkeyutl` writes them. */
export const sumsFile = 'SHA256SUMS';
export const signatureFile = 'SHA256SUMS.sig';

/** Reads an Ed25519 public key (PEM). MODEL_SIGNATURE when it is none. */
export function readPublicKey(path: string): Result<KeyObject, NodeError> {
  try {
    const pem = readFileSync(path, 'utf8');
    if (pem.includes('PRIVATE KEY'))
      return err(signatureFault(`${path} holds a private key, which does not belong on this machine`));
    const key = createPublicKey(pem);
    if (key.asymmetricKeyType === 'ed25519') return ok(key);
    return err(signatureFault(`${path} is a ${key.asymmetricKeyType ?? 'foreign'} key, not an Ed25519 one`));
  } catch (error) {
    return err(signatureFault(`${path} is not a public key in PEM (${asNodeError(error).message})`));
  }
}

/**
 * Checks the signature (Ed25519, RFC 8032) over the list of sums and returns the list. One signature covers the
 * manifest, the weights, the golden images and everything else that is listed, and it is made with standard tools:
 * `sha256sum` and `openssl`.
 */
export function verifySums(
  sums: Uint8Array,
  signature: Uint8Array,
  publicKey: KeyObject,
): Result<PackageSums, NodeError> {
  if (signature.length !== 64 || !verify(null, sums, publicKey, signature))
    return err(
      signatureFault('the signature of the package does not belong to this list of files and this key'),
    );
  const entries = new Map<string, string>();
  for (const line of Buffer.from(sums).toString('utf8').split('\n')) {
    if (line === '') continue;
    const match = /^([0-9a-f]{64}) [ *](?:\.\/)?([\w./-]+)$/.exec(line);
    if (match === null) return err(signatureFault(`${sumsFile} holds a line that is not from sha256sum`));
    entries.set(match[2] ?? '', match[1] ?? '');
  }
  return ok(entries);
}

/** MODEL_SIGNATURE unless the file is listed with exactly this sum. */
export function checkSum(sums: PackageSums, name: string, sha256: string): Result<undefined, NodeError> {
  const listed = sums.get(name);
  if (listed === undefined)
    return err(signatureFault(`${name} is not listed in ${sumsFile}, so nobody signed it`));
  if (listed !== sha256) return err(signatureFault(`${name} is not the file that was signed`));
  return ok(undefined);
}

function signatureFault(message: string): NodeError {
  return new NodeError('MODEL_SIGNATURE', message);
}
