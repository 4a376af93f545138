import { explainStudy } from '../admin/explain/explain-study.ts';
import { onlyImage } from '../admin/explain/explanation.ts';
import { explanationText } from '../admin/explain/explanation-text.ts';
import { type NeverSeen, neverSeen, neverSeenText } from '../admin/explain/never-seen.ts';
import { trailText } from '../admin/explain/trail-text.ts';
import { hostClock } from '../store/store.ts';
import { type Books, withBooks } from './books.ts';
import { explainContext } from './explain-context.ts';
import { type ExplainTarget, findTarget } from './explain-target.ts';

const doorRowsShown = 5;
const trailRowsShown = 5;

export interface ExplainAnswer {
  readonly found: boolean;
  /** Complete output, with its line feed. */
  readonly text: string;
}

/** The whole `explain` command except for writing and leaving. */
export function explainFromBooks(
  configFolder: string,
  what: string,
  how: { readonly format: 'text' | 'json'; readonly trail: 'all' | 'none' },
): Promise<ExplainAnswer> {
  return withBooks(configFolder, (books) => {
    const target = findTarget(what, books.store);
    return target.studies.length === 0 ? notFound(target, books, how.format) : told(target, books, how);
  });
}

function told(
  { studies, sopInstanceUid }: ExplainTarget,
  { loaded, time }: Books,
  how: { readonly format: 'text' | 'json'; readonly trail: 'all' | 'none' },
): ExplainAnswer {
  const context = explainContext(loaded, time, hostClock.nowMs());
  const explained = studies.map((study) => {
    const whole = explainStudy(study, context);
    return {
      explanation: sopInstanceUid === undefined ? whole : onlyImage(whole, sopInstanceUid),
      trail: how.trail === 'all' ? study.timeline : [],
    };
  });
  if (how.format === 'json') {
    const answer = { schema: 1, found: true, timeZone: time.zone, studies: explained };
    return { found: true, text: `${JSON.stringify(answer, undefined, 2)}\n` };
  }
  const texts = explained.map(
    ({ explanation, trail }) => explanationText(explanation, time) + trailText(trail, time),
  );
  return { found: true, text: texts.join('\n') };
}

function notFound(target: ExplainTarget, { store, time }: Books, format: 'text' | 'json'): ExplainAnswer {
  const nowMs = hostClock.nowMs();
  const { dispositions, senders } = store.statusSummary();
  const answer: NeverSeen = neverSeen(
    {
      asked: target.asked,
      booksSinceMs: store.arrivals.booksSinceMs(),
      senders,
      pendingImages: dispositions.pending,
      turnedAway: store.arrivals.turnedAway(nowMs - 86_400_000, doorRowsShown),
      trail:
        target.trail === undefined
          ? []
          : store.auditQuery.query({ ...target.trail, limit: trailRowsShown }).rows,
    },
    time,
    nowMs,
  );
  const text =
    format === 'json'
      ? `${JSON.stringify({ schema: 1, found: false, timeZone: time.zone, ...answer }, undefined, 2)}\n`
      : neverSeenText(answer);
  return { found: false, text };
}
