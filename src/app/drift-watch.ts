import { type DriftFinding, driftRule, findDrift, type SenderMix } from '../admin/drift/drift.ts';
import { hostClock, type Store } from '../store/store.ts';

const dayMs = 86_400_000;
const againAfterMs = 3_600_000;

/** Compares senders with their own past, at most once an hour: the past does not change faster. */
export class DriftWatch {
  readonly #store: Pick<Store, 'drift' | 'monitor'>;
  #known: { readonly atMs: number; readonly findings: readonly DriftFinding[] } | undefined;

  constructor(store: Pick<Store, 'drift' | 'monitor'>) {
    this.#store = store;
  }

  findings(): { readonly atMs: number | undefined; readonly findings: readonly DriftFinding[] } {
    const nowMs = hostClock.nowMs();
    if (this.#known === undefined || nowMs - this.#known.atMs >= againAfterMs || nowMs < this.#known.atMs)
      this.#known = { atMs: nowMs, findings: this.#compute(nowMs) };
    return this.#known;
  }

  #compute(nowMs: number): DriftFinding[] {
    const model = this.#store.monitor.newest('MODEL_LOADED')?.fields['modelSha256'];
    if (typeof model !== 'string') return [];
    const recentFromMs = nowMs - driftRule.recentDays * dayMs;
    // Another model's past is another past.
    const usualFromMs = Math.max(
      recentFromMs - driftRule.usualDays * dayMs,
      this.#store.monitor.modelSinceMs(model) ?? 0,
    );
    return findDrift(this.#mixes(model, recentFromMs, nowMs), this.#mixes(model, usualFromMs, recentFromMs));
  }

  #mixes(model: string, fromMs: number, toMs: number): SenderMix[] {
    const scores = this.#store.monitor.scores(model, fromMs, toMs);
    return this.#store.drift(fromMs, toMs).map(({ callingAeTitle, received, outcomes }) => ({
      sender: callingAeTitle,
      received,
      inScope: Object.values(outcomes).reduce((sum, count) => sum + count, 0),
      suspected: outcomes.SUSPECTED ?? 0,
      noResult: outcomes.NO_RESULT ?? 0,
      scores: scores.filter((score) => score.callingAeTitle === callingAeTitle),
    }));
  }
}
