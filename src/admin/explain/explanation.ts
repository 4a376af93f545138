import type { Outcome } from '../../core/outcome.ts';
import type { SiteTime } from '../site-time.ts';
import type { DestinationFacts } from '../ports.ts';

/** What an explanation needs besides the facts of the study. */
export interface ExplainContext {
  readonly time: SiteTime;
  readonly nowMs: number;
  readonly destinations: readonly DestinationFacts[];
  /** How a value of this model is printed: a percentage when it is calibrated, a bare score otherwise. */
  readonly figure: (modelSha256: string, value: number, threshold?: number) => string;
  /** `pacs.yaml:6` for a configuration path such as `pacs.0.calledAeTitle`; undefined when it is a default. */
  readonly placeOf: (path: string) => string | undefined;
  /** How long a study must be quiet before its report is written, milliseconds. */
  readonly quietTimeMs: number;
}

/** `waiting` needs time, `attention` needs a person, `done` needs nothing. */
export type Standing = 'done' | 'waiting' | 'attention';

/** One thing that happened, or is. `topic` is one word or the name of a destination. */
export interface ExplainedLine {
  readonly atMs: number | null;
  readonly topic: string;
  readonly text: string;
}

export interface ExplainedImage {
  /** 1, 2, ... in the order of arrival. */
  readonly number: number;
  readonly instanceId: string;
  readonly sopInstanceUid: string;
  /** `series 2 image 1`, or empty when the header was not read. */
  readonly place: string;
  /** `LAT FLEX`, `AP`, or empty. */
  readonly view: string;
  /** The answer, first: `SUSPECTED degenerative spondylolisthesis 82 %`, `SKIPPED S02 not a lateral view (...)`. */
  readonly verdict: string;
  readonly outcome: Outcome | null;
  readonly standing: Standing;
  readonly lines: readonly ExplainedLine[];
  /** What a person does next, in order; empty when nothing is to be done. */
  readonly next: readonly string[];
}

export interface ExplainedReport {
  readonly revision: number;
  readonly sopInstanceUid: string;
  readonly title: string;
  /** The images that it speaks of. */
  readonly imageNumbers: readonly number[];
  readonly standing: Standing;
  readonly lines: readonly ExplainedLine[];
  readonly next: readonly string[];
}

/** Why one study is where it is: the same on the terminal and on the page of the web console. */
export interface Explanation {
  readonly studyInstanceUid: string;
  readonly accessionNumber: string | null;
  readonly title: string;
  /** The whole in one sentence. */
  readonly summary: string;
  readonly standing: Standing;
  readonly images: readonly ExplainedImage[];
  readonly reports: readonly ExplainedReport[];
  /** What concerns the study and not one image, such as a report that is not due yet. */
  readonly study: readonly ExplainedLine[];
  readonly next: readonly string[];
}

/** The same with one image only, and the reports that speak of it; when a person asked for that image. */
export function onlyImage(explanation: Explanation, sopInstanceUid: string): Explanation {
  const images = explanation.images.filter((image) => image.sopInstanceUid === sopInstanceUid);
  const left = explanation.images.length - images.length;
  if (left === 0 || images.length === 0) return explanation;
  const numbers = new Set(images.map(({ number }) => number));
  return {
    ...explanation,
    summary: `${explanation.summary} Only the image asked for is shown; the whole study: lumbar-node explain ${explanation.studyInstanceUid}.`,
    images,
    reports: explanation.reports.filter(({ imageNumbers }) =>
      imageNumbers.some((number) => numbers.has(number)),
    ),
  };
}

/** The worst of several: attention before waiting before done. */
export function worst(standings: readonly Standing[]): Standing {
  if (standings.includes('attention')) return 'attention';
  return standings.includes('waiting') ? 'waiting' : 'done';
}
