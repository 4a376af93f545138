import type { Outcome } from '../../src/core/outcome.ts';
import type { Reason } from '../../src/core/reasons.ts';
import { newUlid, sha256Hex } from '../../src/core/identifiers.ts';
import type { ImageResult } from '../../src/store/results.ts';
import type { Store } from '../../src/store/store.ts';

/** How many images of each kind a fictional day has. */
export interface DayShape {
  readonly analysed: number;
  readonly skipped: number;
  readonly held: number;
  readonly refused: number;
}

export interface DayOptions {
  readonly shape: DayShape;
  readonly senders: readonly string[];
  /** The end of the day; images are spread over the ten hours before it. */
  readonly nowMs: number;
  readonly destinations: readonly string[];
  /** Put into every text that comes from outside, to see that no page shows it unescaped, or at all. */
  readonly text?: string;
  readonly patientName?: string;
  /** Number of the first image, so that two calls make different ones. */
  readonly first?: number;
}

/** The ids of what was made, by kind. */
export interface MadeDay {
  readonly analysed: readonly string[];
  readonly skipped: readonly string[];
  readonly held: readonly string[];
}

const outcomeCycle: readonly Outcome[] = [
  'NOT_DETECTED',
  'NOT_DETECTED',
  'SUSPECTED',
  'NOT_DETECTED',
  'INDETERMINATE',
];

const skips: readonly Reason[] = [
  { code: 'S02', detail: 'ViewPosition=AP' },
  { code: 'S03', detail: 'BodyPartExamined=CHEST' },
  { code: 'S02', detail: 'ViewPosition=AP' },
  { code: 'S04', detail: 'Presentation Intent Type is FOR PROCESSING' },
];

const holds: readonly Reason[] = [
  { code: 'S10', detail: 'no attribute tells the view' },
  { code: 'S14', detail: 'Series Description=LWS SPOT' },
  { code: 'S12', detail: 'ViewPosition=LL, Series Description=LWS AP' },
];

const dayMs = 10 * 3_600_000;

/** Fills a store with a fictional day by the store's own doors, in one transaction. */
export function fillDay(store: Store, options: DayOptions): MadeDay {
  const { shape } = options;
  const kinds = (Object.keys(shape) as (keyof DayShape)[]).flatMap((kind) =>
    Array.from({ length: shape[kind] }, (_, index) => ({ kind, order: (index + 0.5) / shape[kind] })),
  );
  const made: Record<keyof DayShape, string[]> = { analysed: [], skipped: [], held: [], refused: [] };
  store.db.transaction(() => {
    for (const [index, { kind, order }] of kinds.toSorted((a, b) => a.order - b.order).entries()) {
      const instanceId = admit(
        store,
        options,
        (options.first ?? 0) + index,
        options.nowMs - dayMs + order * dayMs,
      );
      commit(store, options, kind, made[kind].length);
      made[kind].push(instanceId);
    }
  });
  return made;
}

function admit(store: Store, { senders, text = '' }: DayOptions, index: number, atMs: number): string {
  const instanceId = newUlid(atMs);
  const study = Math.floor(index / 4);
  store.inbox.admit({
    instanceId,
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid: `1.2.826.0.1.3680043.10.999.7.${study}.${51_730_009 + index * 7919}`,
    studyInstanceUid: `1.2.826.0.1.3680043.10.999.7.${study}.${40_000_003 + study * 104_729}`,
    seriesInstanceUid: `1.2.826.0.1.3680043.10.999.7.${study}.1.1`,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    callingAeTitle: `${senders[index % senders.length] ?? 'DX_ROOM1'}${text}`,
    calledAeTitle: 'LUMBAR',
    peerIp: '10.0.0.31',
    associationId: 'fictional',
    sha256: sha256Hex(`fictional ${index}`),
    sizeBytes: 9_000_000,
    path: `${instanceId}.dcm`,
    receivedAtMs: Math.round(atMs),
  });
  return instanceId;
}

function commit(store: Store, options: DayOptions, kind: keyof DayShape, index: number): void {
  const job = store.jobs.claim({ claimedBy: 'fictional', bootId: 'fictional', leaseMs: 60_000 });
  if (job === undefined) throw new Error('the queue gave no job');
  const { text = '', patientName = 'Fictional^Person', destinations } = options;
  const outcome = outcomeCycle[index % outcomeCycle.length] ?? 'NOT_DETECTED';
  const list = {
    analysed: [],
    skipped: skips,
    held: holds,
    refused: [{ code: 'T01' as const, detail: 'JPEG 2000 stream ends early' }],
  }[kind];
  const reason = list[index % Math.max(1, list.length)];
  const reasons = reason === undefined ? [] : [{ ...reason, detail: `${reason.detail}${text}` }];
  store.results.commitImageResult({
    job,
    disposition: kind,
    reasons,
    decision: {
      verdict: { analysed: 'include', skipped: 'exclude', held: 'unknown', refused: 'include' }[
        kind
      ] as 'include',
      dynamic:
        kind === 'analysed' ? ((['NEUTRAL', 'FLEXION', 'EXTENSION'] as const)[index % 3] ?? null) : null,
      ruleName: 'lumbar lateral',
      ruleVersion: '1',
      reasons,
      evidence: { attributes: { ViewPosition: `LL${text}`, SeriesNumber: '2', InstanceNumber: '1' } },
    },
    patientKey: { patientId: `PID-${patientName}`, patientName, accessionNumber: `ACC-${index}${text}` },
    objects: [],
    destinations,
    ...(kind === 'analysed' ? { analysis: analysisOf(outcome, text) } : {}),
  });
}

function analysisOf(outcome: Outcome, text: string): NonNullable<ImageResult['analysis']> {
  const value = { SUSPECTED: 0.86, INDETERMINATE: 0.42, NOT_DETECTED: 0.06, NO_RESULT: 0, FAILED: 0 }[
    outcome
  ];
  const called = {
    SUSPECTED: 'present',
    INDETERMINATE: 'undetermined',
    NOT_DETECTED: 'absent',
    NO_RESULT: 'absent',
    FAILED: 'absent',
  }[outcome];
  const label = `degenerative spondylolisthesis${text}`;
  return {
    modelSha256: 'f'.repeat(64),
    modelId: `fictional-model${text}`,
    modelVersion: '1.0.0',
    configSha256: 'c'.repeat(64),
    provider: 'cpu',
    outcome,
    probabilities: { normal: 1 - value, dls: value },
    reasons: [],
    timings: { inference: 900, decode: 120, preprocess: 60, map: 12 },
    notes: [],
    record: JSON.stringify({
      version: 1,
      image: { classes: [{ id: 'dls', label, role: 'finding', probability: value, threshold: 0.5, called }] },
    }),
  };
}
