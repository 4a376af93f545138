import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../src/core/clock.ts';
import { sha256Hex } from '../../../src/core/identifiers.ts';
import type { ClaimedJob } from '../../../src/store/job-queue.ts';
import type { AdmitRecord, ObjectInput } from '../../../src/store/records.ts';
import type { ImageResult } from '../../../src/store/results.ts';
import { openStore, type Store } from '../../../src/store/store.ts';

/** A clock that the test moves; both readings move together unless the wall clock is set. */
export class TestClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 23, 14, 0, 0);
  #monotonicMs = 5000;

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }

  /** The wall clock jumps (an administrator, a bad time server); the monotonic one does not. */
  jump(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface Fixture {
  readonly store: Store;
  readonly clock: TestClock;
  readonly folder: string;
  readonly databasePath: string;
  reopen(): Store;
}

/** A store in its own folder, removed after the test. */
export function openFixture(atna: 'queue' | 'off' = 'off'): Fixture {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-store-'));
  const databasePath = join(folder, 'node.db');
  const clock = new TestClock();
  const stores: Store[] = [];
  const open = (): Store => {
    const store = openStore({ databasePath, clock, atna });
    stores.push(store);
    return store;
  };
  onTestFinished(() => {
    for (const store of stores) store.close();
    rmSync(folder, { recursive: true });
  });
  return { store: open(), clock, folder, databasePath, reopen: open };
}

export const boot = '01JBOOT0000000000000000001';
export const model = 'a'.repeat(64);

/** A fictional image; `n` makes it another one, `study` puts it into another study. */
export function image(
  n: number,
  options: {
    readonly study?: number;
    readonly content?: string;
    readonly association?: string;
    readonly atMs?: number;
    readonly folder?: string;
    readonly sender?: string;
  } = {},
): AdmitRecord {
  const id = `01JIMAGE${String(n).padStart(18, '0')}`;
  return {
    instanceId: id,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid: `1.2.3.4.${n}`,
    studyInstanceUid: `1.2.3.${options.study ?? 1}`,
    seriesInstanceUid: `1.2.3.${options.study ?? 1}.1`,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    callingAeTitle: options.sender ?? 'DX_ROOM1',
    calledAeTitle: 'LUMBAR',
    peerIp: '10.0.0.31',
    associationId: options.association ?? 'assoc-1',
    sha256: sha256Hex(options.content ?? `content ${n}`),
    sizeBytes: 1000,
    path: join(options.folder ?? '/nowhere', `${id}.dcm`),
    receivedAtMs: options.atMs ?? Date.UTC(2026, 10, 23, 14, 0, 0),
  };
}

export function writeSpoolFile(record: AdmitRecord): void {
  writeFileSync(record.path, 'pixels');
}

export function resultObject(n: string, kind: ObjectInput['kind'] = 'SC', folder = '/nowhere'): ObjectInput {
  return {
    objectId: `object-${n}`,
    kind,
    sopClassUid: kind === 'SC' ? '1.2.840.10008.5.1.4.1.1.7' : '1.2.840.10008.5.1.4.1.1.88.33',
    sopInstanceUid: `2.25.${sha256Hex(n).replace(/\D/g, '').slice(0, 20)}1`,
    seriesInstanceUid: '2.25.99',
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    path: join(folder, `${n}.dcm`),
    sha256: sha256Hex(`bytes of ${n}`),
    sizeBytes: 10,
  };
}

/** The claimed job, or a failed test. */
export function claim(store: Store, bootId = boot, claimedBy = 'worker-1'): ClaimedJob {
  const job = store.jobs.claim({ claimedBy, bootId, leaseMs: 60_000 });
  if (job === undefined) throw new Error('the queue gave no job');
  return job;
}

/** A complete analysed result with one capture for `main`. */
export function analysed(job: ClaimedJob, changes: Partial<ImageResult> = {}): ImageResult {
  return {
    job,
    decision: {
      verdict: 'include',
      dynamic: 'FLEXION',
      ruleName: 'lumbar lateral',
      ruleVersion: '1',
      reasons: [],
      evidence: { ViewPosition: 'LL' },
    },
    disposition: 'analysed',
    reasons: [],
    analysis: {
      modelSha256: model,
      modelId: 'lumbar-effnetv2m',
      modelVersion: '1.0.0',
      configSha256: 'c'.repeat(64),
      provider: 'cpu',
      outcome: 'SUSPECTED',
      probabilities: { DLS: 0.82 },
      reasons: [],
      timings: { modelMs: 1200 },
      mapPeak: { x: 100, y: 200 },
      notes: [],
      record: '{"version":1}',
    },
    patientKey: { patientId: 'P-TEST-1', patientName: 'Doe^Fictional', accessionNumber: 'ACC0001' },
    objects: [resultObject(`sc-${job.instance.instanceId}`)],
    destinations: ['main'],
    ...changes,
  };
}
