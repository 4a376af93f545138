import { explainStudy } from '../../../../src/admin/explain/explain-study.ts';
import type { ExplainContext } from '../../../../src/admin/explain/explanation.ts';
import { explanationText } from '../../../../src/admin/explain/explanation-text.ts';
import { siteTime } from '../../../../src/admin/site-time.ts';
import type { Outcome } from '../../../../src/core/outcome.ts';
import type { Reason } from '../../../../src/core/reasons.ts';
import { attemptRecord } from '../../../../src/scu/attempt-record.ts';
import { decideDelivery, type StoreOutcome } from '../../../../src/scu/delivery-decision.ts';
import type { Delivery } from '../../../../src/store/outbox.ts';
import type { ImageResult } from '../../../../src/store/results.ts';
import {
  analysed,
  boot,
  claim,
  type Fixture,
  image,
  model,
  openFixture,
  resultObject,
} from '../../store/store-fixture.ts';
import { crImage, type FakeHeader } from '../../view-filter/fake-data-set.ts';
import { shippedFilter } from '../../view-filter/shipped-filter.ts';

const filter = shippedFilter();

/** pacs.yaml of the fictional site. */
const destinations = [
  {
    name: 'main',
    host: '10.0.0.5',
    port: 104,
    calledAe: 'ARCHIVE2',
    callingAe: 'LUMBAR',
    calledAeTitle: 'ARCHIVE2',
    callingAeTitle: 'LUMBAR',
    deliver: 'on',
    storageCommitment: 'on',
    timeouts: { connectMs: 1, associateMs: 1, responseMs: 1 },
  },
] as const;

const lines: Readonly<Record<string, string>> = {
  'pacs.0.host': 'pacs.yaml:5',
  'pacs.0.calledAeTitle': 'pacs.yaml:7',
  'pacs.0.name': 'pacs.yaml:4',
  aeTitle: 'node.yaml:5',
};

/** The books of a fictional site, driven through the store's own doors. */
export class SituationBooks {
  readonly fixture: Fixture = openFixture();

  /** Receives image `n` of study 1 and returns the header the filter saw. */
  receive(n: number, content?: string): void {
    const { store, clock } = this.fixture;
    store.inbox.admit(image(n, { atMs: clock.nowMs(), ...(content === undefined ? {} : { content }) }));
    clock.advance(800);
  }

  /** Ends the next job as the filter decides; `end` says what the model made of an image in scope. */
  process(header: FakeHeader, end: ModelEnd = {}, destinationNames: readonly string[] = ['main']): void {
    const { store, clock } = this.fixture;
    const decision = filter.decide(crImage(header));
    const job = claim(store);
    clock.advance(1200);
    const disposition =
      decision.verdict === 'include' || job.operatorReleased
        ? end.reason === undefined
          ? 'analysed'
          : 'refused'
        : decision.verdict === 'exclude'
          ? 'skipped'
          : 'held';
    const reasons = end.reason === undefined ? decision.reasons : [end.reason];
    const { analysis, objects, ...rest } = analysed(job);
    const isInScope = disposition === 'analysed' || disposition === 'refused';
    const result: ImageResult = {
      ...rest,
      disposition,
      reasons: disposition === 'analysed' ? [] : reasons,
      decision: {
        verdict: decision.verdict,
        dynamic: decision.dynamic ?? null,
        ruleVersion: '0a1b2c3d4e5f6071',
        reasons: decision.reasons,
        evidence: decision.evidence,
      },
      objects: disposition === 'analysed' ? objects : [],
      destinations: destinationNames,
      ...(isInScope && analysis !== undefined
        ? {
            analysis: {
              ...analysis,
              outcome: end.outcome ?? (end.reason === undefined ? 'SUSPECTED' : 'NO_RESULT'),
              reasons,
              timings: { decode: 80, inference: 1010, compose: 140 },
              record: analysisRecord(end),
            },
          }
        : {}),
    };
    store.results.commitImageResult(result);
    clock.advance(500);
  }

  report(revision: number, images: readonly number[], destinationNames: readonly string[] = ['main']): void {
    const { store, clock } = this.fixture;
    store.studies.viewsComplete('1.2.3.1');
    const claimed = store.studies.claimDue({
      quietMs: 1,
      hardMaxMs: 1e9,
      nowMs: clock.nowMs(),
      modelSha256: model,
      bootId: boot,
    })!;
    const object = resultObject(`sr-${revision}`, 'SR');
    store.studies.commitReport({
      claim: claimed,
      revision,
      sopInstanceUid: object.sopInstanceUid,
      instanceIds: images.map((n) => image(n).instanceId),
      object,
      destinations: destinationNames,
      ...(claimed.predecessor === undefined
        ? {}
        : { predecessorSopInstanceUid: claimed.predecessor.sopInstanceUid }),
    });
    clock.advance(300);
  }

  /** Everything due at `main` meets this outcome; the decision is the sender's own. Returns how many. */
  deliver(outcome: StoreOutcome = { kind: 'response', status: 0 }, destination = 'main'): number {
    let count = 0;
    for (let due = this.#due(destination); due.length > 0; due = this.#due(destination)) {
      for (const delivery of due) this.#settle(delivery, outcome);
      count += due.length;
    }
    return count;
  }

  /** The archive takes responsibility for everything that it stored. */
  commit(): void {
    const { store, clock } = this.fixture;
    clock.advance(5000);
    const stored = store.commitments.storedWithoutCommitment('main', 100);
    const transactionUid = `2.25.${clock.nowMs()}`;
    store.commitments.open({
      transactionUid,
      destination: 'main',
      outboxIds: stored.map(({ outboxId }) => outboxId),
      deadlineMs: clock.nowMs() + 1000,
    });
    store.commitments.report({
      transactionUid,
      committed: stored.map(({ sopInstanceUid }) => sopInstanceUid),
      failed: [],
    });
  }

  context(): ExplainContext {
    return {
      time: siteTime('Europe/Berlin'),
      nowMs: this.fixture.clock.nowMs(),
      destinations,
      figure: (_model, value) => `${Math.round(value * 100)} %`,
      placeOf: (path) => lines[path],
      quietTimeMs: 30_000,
    };
  }

  /** What `lumbar-node explain` would print about the study. */
  text(): string {
    const study = this.fixture.store.explain({ studyInstanceUid: '1.2.3.1' })!;
    const context = this.context();
    return explanationText(explainStudy(study, context), context.time);
  }

  #due(destination: string): Delivery[] {
    const { store, clock } = this.fixture;
    return store.outbox.claimDue({ destination, limit: 8, nowMs: clock.nowMs(), bootId: boot });
  }

  #settle(delivery: Delivery, outcome: StoreOutcome): void {
    const { store, clock } = this.fixture;
    clock.advance(240);
    const decision = decideDelivery(outcome, {
      sopClassUid: delivery.object.sopClassUid,
      attempt: delivery.attempt,
      refusals: 1,
      ageMs: 0,
      deadlineMs: 1e9,
      srClassUids: [delivery.object.sopClassUid],
    });
    const record = attemptRecord(outcome, destinations[0], decision);
    if (decision.state === 'stored') store.outbox.markStored(delivery, { status: record.status ?? 0 });
    else if (decision.state === 'waiting')
      store.outbox.markWaiting(delivery, { ...record, nextAtMs: clock.nowMs() + 1_800_000 });
    else store.outbox.park(delivery, record);
  }
}

export interface ModelEnd {
  readonly outcome?: Outcome;
  /** The gate that refused the image's input. */
  readonly reason?: Reason;
}

function analysisRecord({ outcome, reason }: ModelEnd): string {
  const called =
    outcome === 'NOT_DETECTED' ? 'absent' : outcome === 'INDETERMINATE' ? 'undetermined' : 'present';
  const probability = { present: 0.82, undetermined: 0.44, absent: 0.07 }[called];
  return JSON.stringify({
    version: 1,
    image: {
      classes:
        reason === undefined
          ? [
              {
                id: 'normal',
                label: 'normal',
                role: 'normal',
                probability: 0.14,
                threshold: 1,
                called: 'absent',
              },
              {
                id: 'dls',
                label: 'degenerative spondylolisthesis',
                role: 'finding',
                probability,
                threshold: 0.5,
                called,
              },
              {
                id: 'spondylolysis',
                label: 'spondylolysis',
                role: 'finding',
                probability: 0.04,
                threshold: 0.5,
                called: 'absent',
              },
            ]
          : [],
      ...(reason === undefined ? { map: { reliability: 'focal' } } : {}),
    },
  });
}

/** Headers as modalities write them. */
export const headers = {
  flexion: {
    BodyPartExamined: 'LSPINE',
    ViewPosition: 'LL',
    SeriesDescription: 'L-SPINE LAT FLEXION',
    SeriesNumber: '2',
    InstanceNumber: '1',
  },
  ap: { BodyPartExamined: 'LSPINE', ViewPosition: 'AP', SeriesNumber: '1', InstanceNumber: '1' },
  unknown: {
    BodyPartExamined: 'LSPINE',
    SeriesDescription: 'L-SPINE',
    SeriesNumber: '3',
    InstanceNumber: '1',
  },
} as const;
