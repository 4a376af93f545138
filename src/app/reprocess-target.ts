import { err, ok, type Result } from '../core/result.ts';
import type { ExplainedImage, StudyExplanation } from '../store/explain.ts';
import { hostClock } from '../store/store.ts';
import type { Books } from './books.ts';
import { findTarget } from './explain-target.ts';
import { readMoment } from './written-moment.ts';

/** Which images, as it was typed: one thing by its name, or everything received in a span of time. */
export interface WrittenTarget {
  readonly what?: string;
  readonly since?: string;
  readonly until?: string;
}

/** One study, and those of its images that were asked for. */
export interface TargetStudy {
  readonly study: StudyExplanation;
  readonly images: readonly ExplainedImage[];
}

export interface ImageTarget {
  /** As a person says it, for the texts. */
  readonly asked: string;
  readonly studyCount: number;
  /** Read one by one, because a span may hold a year. */
  studies(): Iterable<TargetStudy>;
}

const pageSize = 1000;

/** Finds the images; an error is a sentence about the command line. */
export function imageTarget(written: WrittenTarget, books: Books): Result<ImageTarget, string> {
  const { what, since, until } = written;
  const isSpan = since !== undefined || until !== undefined;
  if ((what === undefined) === !isSpan)
    return err('Name one thing, or a span with --since and --until; not both, and not neither.');
  if (what !== undefined) return ok(namedTarget(what, books));
  const nowMs = hostClock.nowMs();
  const sinceMs = since === undefined ? ok(0) : readMoment('since', since, books.time, nowMs);
  const untilMs = until === undefined ? ok(nowMs) : readMoment('until', until, books.time, nowMs);
  if (!sinceMs.ok) return sinceMs;
  if (!untilMs.ok) return untilMs;
  return ok(spanTarget(sinceMs.value, untilMs.value, books));
}

function namedTarget(what: string, { store }: Books): ImageTarget {
  const { studies, sopInstanceUid } = findTarget(what, store);
  return {
    asked: what,
    studyCount: studies.length,
    studies: () =>
      studies.map((study) => ({
        study,
        images: study.images.filter(
          ({ instance }) => sopInstanceUid === undefined || instance.sopInstanceUid === sopInstanceUid,
        ),
      })),
  };
}

function spanTarget(sinceMs: number, untilMs: number, { store, time }: Books): ImageTarget {
  const studyUids = new Set<string>();
  let page = store.imageList.page({ sinceMs, untilMs, limit: pageSize }, 'oldest-first');
  for (;;) {
    for (const { studyInstanceUid } of page.rows) studyUids.add(studyInstanceUid);
    if (page.next === undefined) break;
    page = store.imageList.page({ sinceMs, untilMs, limit: pageSize, after: page.next }, 'oldest-first');
  }
  return {
    asked: `${time.moment(sinceMs)} to ${time.moment(untilMs)} (${time.zone})`,
    studyCount: studyUids.size,
    *studies() {
      for (const studyInstanceUid of studyUids) {
        const study = store.explain({ studyInstanceUid });
        if (study === undefined) continue;
        const images = study.images.filter(
          ({ instance: { receivedAtMs } }) => receivedAtMs >= sinceMs && receivedAtMs < untilMs,
        );
        yield { study, images };
      }
    },
  };
}
