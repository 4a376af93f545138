import type { Outcome } from '../../core/outcome.ts';
import { reasonCatalogue } from '../../core/reasons.ts';
import { type ClassCodes, className } from '../class-codes.ts';
import type { AnalysedImage, ClassResult, ModelFacts } from '../result-input.ts';
import { limit, type ValueFormat, valueBelow, valueFormat } from './numbers.ts';
import { fill, type Wording } from './wording.ts';

/** An image as sentences speak of it: outcome, classes and source, no pixels. */
export type SpokenImage = Omit<AnalysedImage, 'display' | 'map'>;

/** What turns results into sentences of one language; holds no disease of its own. */
export interface Speaker {
  readonly wording: Wording;
  readonly codes: ClassCodes;
  readonly model: ModelFacts;
}

/** Every headline and summary starts with this; no wording file can remove it. */
export const prefix = 'AI: ';

/** `AI: SUSPECTED degenerative spondylolisthesis` for one image. */
export function headline(image: SpokenImage, speaker: Speaker): string {
  return prefix + verdict(image.outcome, image.classes, speaker);
}

/** The line under the headline: value, threshold and what the outcome does not say. */
export function detail(image: SpokenImage, speaker: Speaker): string {
  const { wording } = speaker;
  switch (image.outcome) {
    case 'SUSPECTED':
      return suspectedDetail(image.classes, speaker);
    case 'INDETERMINATE':
      return indeterminateDetail(image.classes, speaker);
    case 'NOT_DETECTED':
      return notDetectedDetail(image.classes, speaker);
    case 'NO_RESULT':
      return fill(wording.detail.no_result, reasonValues(image, wording));
    case 'FAILED':
      return fill(wording.detail.failed, reasonValues(image, wording));
  }
}

/**
 * The Summary of a study's report (121111 DCM): verdict first, then each image when there are several, then what it
 * was trained on when that was simulated, and always the research statement last.
 */
export function summary(images: readonly SpokenImage[], speaker: Speaker): string {
  const { wording } = speaker;
  const first = images[0];
  const lines =
    images.length === 1 && first !== undefined
      ? [
          prefix +
            fill(wording.summary.single, {
              verdict: verdict(first.outcome, first.classes, speaker),
              detail: detail(first, speaker),
            }),
        ]
      : [severalImages(images, speaker), ...images.map((image, index) => imageLine(image, index, speaker))];
  return [...lines, closing(speaker)].join('\r\n');
}

/** Simulated-training statement (when true), research use, no diagnosis, not verified: in this order, always. */
export function closing({ wording, model }: Speaker): string {
  return [...(model.simulated ? [wording.simulated] : []), wording.closing, wording.unverified].join(' ');
}

/**
 * The Comment of the report (121106 DCM): statement, decision basis, limits, training data, and the reason of every
 * image without a result. Reason details name attributes, never a patient.
 */
export function comment(images: readonly SpokenImage[], speaker: Speaker): string {
  const { wording, model } = speaker;
  const basis = decisionBasis(images, speaker);
  const reasons = images.flatMap((image, index) => {
    if (image.reason === undefined) return [];
    const values = reasonValues(image, wording);
    return [fill(wording.comment.reason, { ...values, number: index + 1, detail: image.reason.detail })];
  });
  return [
    closing(speaker),
    ...(basis === '' ? [] : [fill(wording.comment.decision, { basis })]),
    wording.comment.limits,
    fill(wording.comment.training, { statement: model.trainingStatement }),
    ...reasons,
  ].join('\r\n');
}

/** `series 2, image 1, lateral flexion` as far as the source states it. */
export function sourceWords(image: SpokenImage, { wording }: Speaker): string {
  const { seriesNumber: series, instanceNumber } = image;
  const { source } = wording;
  const numbers =
    series !== undefined && instanceNumber !== undefined
      ? fill(source.series_and_image, { series, image: instanceNumber })
      : series !== undefined
        ? fill(source.series, { series })
        : instanceNumber !== undefined
          ? fill(source.image, { image: instanceNumber })
          : source.none;
  return numbers + wording.list_separator + viewWords(image, wording);
}

/** The outcome of a study: the one that must not be overlooked, over all its images. */
export function studyOutcome(images: readonly SpokenImage[]): Outcome {
  const order: readonly Outcome[] = ['SUSPECTED', 'INDETERMINATE', 'NOT_DETECTED', 'NO_RESULT', 'FAILED'];
  const found = order.find((outcome) => images.some((image) => image.outcome === outcome));
  return found ?? 'FAILED';
}

/** Findings of one image that matter for its outcome, the most probable first; a normal class is never among them. */
export function namedFindings(outcome: Outcome, classes: readonly ClassResult[]): readonly ClassResult[] {
  const findings = classes.filter(({ role }) => role === 'finding');
  const wanted = { SUSPECTED: 'present', INDETERMINATE: 'undetermined' } as const;
  const called = outcome === 'SUSPECTED' || outcome === 'INDETERMINATE' ? wanted[outcome] : undefined;
  if (called === undefined) return findings;
  return findings.filter((entry) => entry.called === called).sort((a, b) => b.probability - a.probability);
}

function verdict(outcome: Outcome, classes: readonly ClassResult[], speaker: Speaker): string {
  const { verdict: words, list_separator: separator } = speaker.wording;
  const findings = namedFindings(outcome, classes)
    .map((entry) => nameOf(entry, speaker))
    .join(separator);
  switch (outcome) {
    case 'SUSPECTED':
      return fill(words.suspected, { findings });
    case 'NOT_DETECTED':
      return fill(words.not_detected, { findings });
    case 'INDETERMINATE':
      return words.indeterminate;
    case 'NO_RESULT':
      return words.no_result;
    case 'FAILED':
      return words.failed;
  }
}

function suspectedDetail(classes: readonly ClassResult[], speaker: Speaker): string {
  const { wording, model } = speaker;
  const [main, ...alsoCalled] = namedFindings('SUSPECTED', classes);
  if (main === undefined) return '';
  const format = formatOf(model);
  const others = classes.filter(({ role, called }) => role === 'finding' && called !== 'present');
  return [
    fill(wording.detail.suspected[kindOf(model)], {
      value: format(main.probability),
      threshold: limit(format, main.threshold),
    }),
    ...[...alsoCalled, ...others].map((entry) =>
      fill(wording.detail.other_finding, {
        finding: nameOf(entry, speaker),
        value: valueBelow(format, entry.probability, entry.threshold),
      }),
    ),
    ...siteSentence(main, speaker),
  ].join(spaceOf(wording));
}

/** Only a figure of this model at this site with at least 100 results in the band may be printed. */
function siteSentence(main: ClassResult, { wording, model }: Speaker): readonly string[] {
  const evidence = model.siteEvidence;
  if (evidence === undefined || evidence.classId !== main.id || evidence.total < 100) return [];
  if (main.probability < evidence.from || main.probability >= evidence.to) return [];
  return [fill(wording.detail.site_evidence, { confirmed: evidence.confirmed, total: evidence.total })];
}

function indeterminateDetail(classes: readonly ClassResult[], speaker: Speaker): string {
  const { wording, model } = speaker;
  const format = formatOf(model);
  return namedFindings('INDETERMINATE', classes)
    .map((entry) => {
      const to = entry.indeterminate?.to ?? entry.threshold;
      return fill(wording.detail.indeterminate[kindOf(model)], {
        value: valueBelow(format, entry.probability, to),
        finding: nameOf(entry, speaker),
        ...band(format, entry.indeterminate?.from ?? 0, to),
      });
    })
    .join(spaceOf(wording));
}

/** `35` and `50 %`: the unit is said once. */
function band(format: ValueFormat, from: number, to: number): { from: string; to: string } {
  return { from: limit(format, from).replace(/ %$/, ''), to: limit(format, to) };
}

function notDetectedDetail(classes: readonly ClassResult[], speaker: Speaker): string {
  const { wording, model } = speaker;
  const format = formatOf(model);
  const highest = classes
    .filter(({ role }) => role === 'finding')
    .reduce<ClassResult | undefined>((best, entry) => (higher(entry, best) ? entry : best), undefined);
  if (highest === undefined) return wording.detail.does_not_exclude;
  const sentence = fill(wording.detail.not_detected[kindOf(model)], {
    value: valueBelow(format, highest.probability, highest.threshold),
    threshold: limit(format, highest.threshold),
  });
  return sentence + spaceOf(wording) + wording.detail.does_not_exclude;
}

function higher(entry: ClassResult, best: ClassResult | undefined): boolean {
  return best === undefined || entry.probability > best.probability;
}

function severalImages(images: readonly SpokenImage[], speaker: Speaker): string {
  const { wording } = speaker;
  const outcome = studyOutcome(images);
  const same = images.filter((image) => image.outcome === outcome);
  const without = images.filter((image) => image.outcome === 'NO_RESULT' || image.outcome === 'FAILED');
  const total = images.length;
  const counts = [
    ...(outcome === 'SUSPECTED' || outcome === 'INDETERMINATE'
      ? [fill(wording.summary.images_with_finding, { count: same.length, total })]
      : []),
    ...(without.length > 0
      ? [fill(wording.summary.images_without_result, { count: without.length, total })]
      : []),
  ].join(spaceOf(wording));
  return (
    prefix +
    fill(wording.summary.several, { verdict: verdict(outcome, strongest(same), speaker), counts }).trim()
  );
}

/** One entry per class over several images: the highest probability wins. */
function strongest(images: readonly SpokenImage[]): readonly ClassResult[] {
  const best = new Map<string, ClassResult>();
  const rank = { present: 2, undetermined: 1, absent: 0 } as const;
  for (const entry of images.flatMap(({ classes }) => classes)) {
    const known = best.get(entry.id);
    const stronger = known === undefined || rank[entry.called] > rank[known.called];
    if (stronger || (entry.called === known.called && entry.probability > known.probability))
      best.set(entry.id, entry);
  }
  return [...best.values()];
}

function imageLine(image: SpokenImage, index: number, speaker: Speaker): string {
  return fill(speaker.wording.summary.image, {
    number: index + 1,
    source: sourceWords(image, speaker),
    verdict: verdict(image.outcome, image.classes, speaker),
    detail: detail(image, speaker),
  });
}

function decisionBasis(images: readonly SpokenImage[], speaker: Speaker): string {
  const { wording, model } = speaker;
  const format = formatOf(model);
  const classes = images.find((image) => image.classes.length > 0)?.classes ?? [];
  return classes
    .filter(({ role }) => role === 'finding')
    .map((entry) => {
      const values = { finding: nameOf(entry, speaker), threshold: limit(format, entry.threshold) };
      if (entry.indeterminate === undefined) return fill(wording.comment.class_threshold, values);
      const { from, to } = entry.indeterminate;
      return fill(wording.comment.class_threshold_band, {
        ...values,
        from: limit(format, from),
        to: limit(format, to),
      });
    })
    .join('; ');
}

function reasonValues(image: SpokenImage, wording: Wording): { code: string; reason: string } {
  const code = image.reason?.code ?? 'T06';
  return { code, reason: wording.reasons[code] ?? reasonCatalogue[code].text };
}

function viewWords({ view, dynamic }: SpokenImage, wording: Wording): string {
  const words = wording.view[view];
  return dynamic === undefined ? words : `${words} ${wording.view[dynamic]}`;
}

function nameOf(entry: ClassResult, { codes, wording }: Speaker): string {
  return className(codes, entry, wording.language.value);
}

function kindOf(model: ModelFacts): 'probability' | 'score' {
  return model.calibrated ? 'probability' : 'score';
}

function formatOf(model: ModelFacts): ValueFormat {
  return valueFormat(kindOf(model));
}

/** Sentences are joined by a space where the language separates words by spaces. */
function spaceOf(wording: Wording): string {
  return wording.list_separator.endsWith(' ') ? ' ' : '';
}
