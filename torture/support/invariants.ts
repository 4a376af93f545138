import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/core/identifiers.ts';
import type { AttackedNode, Footprint } from './attacked-node.ts';
import { canary } from './canary.ts';
import { reached } from './waiting.ts';

/** One broken promise, in words. */
export interface Finding {
  readonly invariant: 'I1' | 'I2' | 'I3' | 'I4' | 'I5' | 'I6' | 'I7';
  readonly text: string;
}

export interface InvariantOptions {
  /** Of the listener before the case; absent: it was started anew and I6 is not judged. */
  readonly before?: Footprint;
  /** The archive was away or hostile: what it got is not judged. */
  readonly archiveIsGood: boolean;
  /** Its configuration lets this machine in. */
  readonly echoes: boolean;
}

/** V8 gives memory back late: this much more than before is not called a leak by a single case (the soak judges the slope). */
const rssToleranceBytes = 64 * 1024 * 1024;
const descriptorTolerance = 4;

/**
 * The invariants of the plan, after every case, on a running node:
 * I1 what was acknowledged is in the books and its file has the hash; I2 one effect per image; I3 no part file, no
 * orphan; I4 C-ECHO within 10 s; I5 no canary in the log; I6 descriptors and memory as before; I7 the audit chain verifies.
 */
export async function checkInvariants(node: AttackedNode, options: InvariantOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  const found = (invariant: Finding['invariant'], text: string): void => {
    findings.push({ invariant, text });
  };
  if (options.echoes && !(await reached(() => node.echoes(10_000), 10_000)))
    found('I4', 'no C-ECHO was answered within 10 s');
  if (options.archiveIsGood && !(await node.isSettled(300_000)))
    found('I2', `not everything came to its end: ${node.unsettled()}`);
  for (const text of lostAcknowledgements(node)) found('I1', text);
  if (options.archiveIsGood) for (const text of wrongEffects(node)) found('I2', text);
  if (!(await reached(() => strayFiles(node).length === 0, 10_000)))
    for (const text of strayFiles(node)) found('I3', text);
  if (node.log().includes(canary.marker)) found('I5', 'a canary name stands in the log');
  if (options.before !== undefined)
    for (const text of await grownFootprint(node, options.before)) found('I6', text);
  const verdict = node.books((store) => store.audit.verify());
  if (!verdict.intact) found('I7', `the audit chain is broken: ${verdict.finding}`);
  return findings;
}

interface BookedImage {
  readonly instanceId: string;
  readonly sopInstanceUid: string;
  readonly sha256: string;
  readonly path: string;
  readonly spoolState: string;
  readonly disposition: string;
}

/** I1. The file's data set must be the very bytes that the client sent. */
export function lostAcknowledgements(node: AttackedNode): string[] {
  const booked = new Map<string, BookedImage[]>();
  for (const row of bookedImages(node))
    booked.set(row.sopInstanceUid, [...(booked.get(row.sopInstanceUid) ?? []), row]);
  const lost: string[] = [];
  for (const [uid, image] of node.acknowledged) {
    const rows = booked.get(uid) ?? [];
    if (rows.length === 0) lost.push(`acknowledged but not in the books: ${uid}`);
    else if (!rows.some((row) => isSafe(row, image.dataSetSha256)))
      lost.push(`acknowledged but its file is not what was sent: ${uid}`);
  }
  return lost;
}

function bookedImages(node: AttackedNode): BookedImage[] {
  return node.books((store) =>
    store.db
      .sql<BookedImage>(
        'SELECT instanceId, sopInstanceUid, sha256, path, spoolState, disposition FROM instance',
      )
      .all(),
  );
}

function isSafe(row: BookedImage, dataSetSha256: string): boolean {
  if (row.spoolState === 'purged') return true;
  if (row.spoolState !== 'present' || !existsSync(row.path)) return false;
  return sha256Hex(dataSetOf(readFileSync(row.path))) === dataSetSha256;
}

/** What follows the File Meta Information (PS3.10 7.1): preamble, DICM, group length element, the group. */
export function dataSetOf(file: Buffer): Buffer {
  return file.subarray(144 + file.readUInt32LE(140));
}

/** I2: one capture per analysed image, one report per revision, each at the archive, none there twice in two versions. */
function wrongEffects(node: AttackedNode): string[] {
  const wrong: string[] = [];
  const { captures, reports, unsent } = node.books(({ db }) => ({
    captures: db
      .sql<{ uid: string; n: number }>(
        `SELECT i.sopInstanceUid AS uid, (SELECT count(*) FROM object o WHERE o.instanceId = i.instanceId AND o.kind = 'SC') AS n
         FROM instance i WHERE i.disposition = 'analysed'`,
      )
      .all(),
    reports: db
      .sql<{ uid: string; n: number }>(
        `SELECT studyInstanceUid AS uid, count(*) - count(DISTINCT contentSha256) AS n FROM studyReport
         GROUP BY studyInstanceUid, modelSha256`,
      )
      .all(),
    unsent: db
      .sql<{ uid: string }>(
        `SELECT o.sopInstanceUid AS uid FROM object o JOIN outbox x ON x.objectId = o.objectId
         WHERE x.state IN ('STORED','COMMITTED')`,
      )
      .all(),
  }));
  for (const { uid, n } of captures) if (n !== 1) wrong.push(`${n} captures of ${uid}`);
  for (const { uid, n } of reports)
    if (n > 0) wrong.push(`${n} reports of the same content for study ${uid}`);
  const versions = new Map<string, Set<string>>();
  for (const { sopInstanceUid, dataSetSha256 } of node.archive.received)
    versions.set(sopInstanceUid, (versions.get(sopInstanceUid) ?? new Set()).add(dataSetSha256));
  for (const [uid, hashes] of versions)
    if (hashes.size > 1) wrong.push(`the archive got ${hashes.size} versions of ${uid}`);
  for (const { uid } of unsent)
    if (!versions.has(uid)) wrong.push(`called stored, but the archive never got ${uid}`);
  return wrong;
}

/** I3. Part files may exist while something is being received; at rest there are none. */
function strayFiles(node: AttackedNode): string[] {
  const spool = join(node.dataFolder, 'spool');
  if (!existsSync(spool)) return [];
  const held = new Set(
    bookedImages(node)
      .filter(({ spoolState }) => spoolState !== 'purged')
      .map(({ path }) => path),
  );
  return readdirSync(spool, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !held.has(path))
    .filter((path) => existsSync(path) && statSync(path).isFile())
    .map((path) => `a file without a row: ${path.slice(spool.length + 1)}`);
}

/** I6. Descriptors within a few of before, memory within the tolerance; both get ten seconds to fall. */
async function grownFootprint(node: AttackedNode, before: Footprint): Promise<string[]> {
  const grown = (): string[] => {
    const now = node.footprint('listener');
    const texts: string[] = [];
    if (now.descriptors > before.descriptors + descriptorTolerance)
      texts.push(`the listener holds ${now.descriptors} descriptors, before ${before.descriptors}`);
    if (now.rssBytes > before.rssBytes + rssToleranceBytes)
      texts.push(
        `the listener holds ${Math.round((now.rssBytes - before.rssBytes) / 1024 ** 2)} MiB more than before`,
      );
    return texts;
  };
  await reached(() => grown().length === 0, 10_000, 250);
  return grown();
}
