import { type DriftFinding, driftRule, findDrift, type SenderMix } from '../admin/drift/drift.ts';
import { hostClock, type Store } from '../store/store.ts';

const dayMs = 86_400_000;
const againAfterMs = 3_600_000;

/** Compares senders with their own past, at most once an hour: the past does not change faster. */
export class DriftWatch {
  readonly #store: Pick<Store, 'monitor'>;
  #known: { readonly atMs: number; readonly findings: readonly DriftFinding[] } | undefined;

  constructor(store: Pick<Store, 'monitor'>) {
    this.#store = store;
  }

  findings(): { readonly atMs: number | undefined; readonly findings: readonly DriftFinding[] } {
    const model = this.#store.monitor.newest('MODEL_LOADED')?.fields['modelSha256'];
    // Not remembered: the worker of a node that just started will have loaded its model in a moment.
    if (typeof model !== 'string') return { atMs: undefined, findings: [] };
    const nowMs = hostClock.nowMs();
    if (this.#known === undefined || nowMs - this.#known.atMs >= againAfterMs || nowMs < this.#known.atMs)
      this.#known = { atMs: nowMs, findings: this.#compute(model, nowMs) };
    return this.#known;
  }

  #compute(model: string, nowMs: number): DriftFinding[] {
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
    const counts = Map.groupBy(
      this.#store.monitor.outcomes(fromMs, toMs),
      ({ callingAeTitle }) => callingAeTitle,
    );
    return [...counts].map(([sender, rows]) => {
      const sum = (of: (outcome: string | null) => boolean): number =>
        rows.reduce((total, { outcome, count }) => total + (of(outcome) ? count : 0), 0);
      return {
        sender,
        received: sum(() => true),
        inScope: sum((outcome) => outcome !== null),
        suspected: sum((outcome) => outcome === 'SUSPECTED'),
        noResult: sum((outcome) => outcome === 'NO_RESULT'),
        scores: scores.filter(({ callingAeTitle }) => callingAeTitle === sender),
      };
    });
  }
}
