import { type Disposition } from '../../core/outcome.ts';
import type { ImageFacts, ReportFacts, StudyFacts } from '../ports.ts';
import { adviceFor } from '../reason-advice.ts';
import { counted, duration, printable } from '../text-layout.ts';
import { tellDeliveries, type ToldDelivery } from './delivery-lines.ts';
import { readAnalysisRecord, readEvidence } from './evidence.ts';
import {
  type ExplainContext,
  type ExplainedImage,
  type ExplainedLine,
  type ExplainedReport,
  type Explanation,
  type Standing,
  worst,
} from './explanation.ts';
import { imageLines, operatorLines, reasonText } from './image-lines.ts';

/** One study told from arrival to delivery: what happened, why, and what to do next. Pure. */
export function explainStudy(study: StudyFacts, context: ExplainContext): Explanation {
  const images = study.images.map((image, index) => explainImage(image, index + 1, study, context));
  const reports = study.reports.map((report) => explainReport(report, study, context));
  const line = studyLine(study, context);
  const standing = worst([
    ...images.map((image) => image.standing),
    ...reports.map((report) => report.standing),
    ...(line === undefined ? [] : [line.standing]),
  ]);
  return {
    studyInstanceUid: study.studyInstanceUid,
    accessionNumber: study.accessionNumber,
    title: title(study, context),
    summary: summary(study, standing),
    standing,
    images,
    reports,
    study: line === undefined ? [] : [line.line],
    next:
      study.state === 'FAILED'
        ? [`Have the report tried again: lumbar-node reprocess ${study.studyInstanceUid}.`]
        : [],
  };
}

function title(study: StudyFacts, { time }: ExplainContext): string {
  const senders = [
    ...new Set(
      study.images.map(({ instance }) => `${printable(instance.callingAeTitle)} (${instance.peerIp})`),
    ),
  ];
  const first = study.images[0]?.instance.receivedAtMs;
  const name = study.accessionNumber === null ? 'without accession number' : printable(study.accessionNumber);
  const when = first === undefined ? '' : `, ${time.date(first)}`;
  return `Study ${name}, ${counted(study.images.length, 'image')} from ${senders.join(', ') || 'nobody'}${when}, times ${time.zone}`;
}

const endings: readonly (readonly [Disposition, string])[] = [
  ['analysed', 'analysed'],
  ['skipped', 'skipped'],
  ['held', 'held'],
  ['refused', 'refused'],
  ['failed', 'failed'],
  ['quarantined', 'set aside'],
  ['pending', 'still in work'],
];

function summary({ images }: StudyFacts, standing: Standing): string {
  const parts = endings.flatMap(([disposition, word]) => {
    const count = images.filter(({ instance }) => instance.disposition === disposition).length;
    return count === 0 ? [] : [`${count} ${word}`];
  });
  const outlook = {
    done: 'Nothing is left to do.',
    waiting: 'Something is still on its way; nothing to do now.',
    attention: 'SOMETHING NEEDS A PERSON: see "Do" below.',
  };
  return `${parts.join(', ')}. ${outlook[standing]}`;
}

function explainImage(
  image: ImageFacts,
  number: number,
  study: StudyFacts,
  context: ExplainContext,
): ExplainedImage {
  const told = image.objects.flatMap((object) => tellDeliveries(object, study, context));
  const twins = study.images.filter(
    ({ instance }) => instance.sopInstanceUid === image.instance.sopInstanceUid,
  );
  const { instance } = image;
  return {
    number,
    instanceId: instance.instanceId,
    sopInstanceUid: instance.sopInstanceUid,
    place: placeText(image),
    view: viewText(image),
    verdict: verdict(image, study, context),
    outcome: instance.outcome,
    standing: worst([standingOf(image), ...told.map(({ standing }) => standing)]),
    lines: [
      ...[...imageLines(image, study.timeline, context), ...told.map(({ line }) => line)].toSorted(
        (a, b) => (a.atMs ?? 0) - (b.atMs ?? 0),
      ),
      ...(twins.length > 1 ? [twinLine(twins.length)] : []),
    ],
    next: [...imageAdvice(image), ...deliveryAdvice(told)],
  };
}

function twinLine(count: number): ExplainedLine {
  return {
    atMs: null,
    topic: 'note',
    text: `${count} images of this study carry this same SOP Instance UID`,
  };
}

function placeText(image: ImageFacts): string {
  const { attributes } = readEvidence(image.decision?.evidence);
  const { seriesNumber, instanceNumber } = readAnalysisRecord(image.analysis?.record);
  const series = attributes['SeriesNumber'] ?? seriesNumber;
  const number = attributes['InstanceNumber'] ?? instanceNumber;
  return [series === undefined ? '' : `series ${series}`, number === undefined ? '' : `image ${number}`]
    .filter((part) => part !== '')
    .join(' ');
}

const shortDynamic = { FLEXION: 'FLEX', EXTENSION: 'EXT', NEUTRAL: 'NEUTRAL' } as const;

function viewText({ decision, instance }: ImageFacts): string {
  if (decision === null) return '';
  const dynamic = decision.dynamic === null ? '' : ` ${shortDynamic[decision.dynamic]}`;
  if (decision.verdict === 'include') return `LAT${dynamic}`;
  const seen = readEvidence(decision.evidence).attributes['ViewPosition'];
  const view = seen === undefined ? '' : printable(seen);
  return instance.disposition === 'analysed' ? `${view || 'released'}${dynamic}` : view;
}

function verdict(image: ImageFacts, study: StudyFacts, context: ExplainContext): string {
  const { instance, analysis } = image;
  const isReported = study.reports.some(({ instanceIds }) => instanceIds.includes(instance.instanceId));
  const inReport = isReported ? 'The report says so; read without AI.' : 'Read without AI.';
  const reasons = instance.reasons.map(reasonText).join('; ');
  switch (instance.disposition) {
    case 'analysed':
      return analysedVerdict(image, context);
    case 'skipped':
      return `SKIPPED ${reasons}. Nothing sent, by design.`;
    case 'held':
      return `HELD ${reasons}. Waits for an operator.`;
    case 'refused':
      return analysis === null
        ? `REFUSED ${reasons}. It cannot be processed.`
        : `NO RESULT ${reasons}. ${inReport}`;
    case 'failed':
      return `FAILED ${reasons}.`;
    case 'quarantined':
      return `FAILED AND SET ASIDE ${reasons}. ${inReport}`;
    case 'pending':
      return pendingVerdict(image, context);
  }
}

function analysedVerdict({ instance, analysis }: ImageFacts, context: ExplainContext): string {
  const outcome = (instance.outcome ?? analysis?.outcome ?? 'NO_RESULT').replace('_', ' ');
  if (analysis === null) return outcome;
  const wanted = { SUSPECTED: 'present', INDETERMINATE: 'undetermined' }[String(instance.outcome)];
  const { classes } = readAnalysisRecord(analysis.record);
  const named = classes
    .filter(({ isFinding, called }) => isFinding && called === wanted)
    .map(
      ({ label, probability, threshold }) =>
        `${label} ${context.figure(analysis.modelSha256, probability, threshold)}`,
    );
  return [outcome, named.join(', ')].filter((part) => part !== '').join(' ');
}

function pendingVerdict({ job }: ImageFacts, { time, nowMs }: ExplainContext): string {
  if (job?.state === 'RUNNING') return `IN WORK, attempt ${job.attempts}`;
  if (job?.state === 'WAITING' && job.nextAtMs !== null)
    return `WAITING for attempt ${job.attempts + 1} at ${time.near(job.nextAtMs, nowMs)}: ${printable(job.lastError ?? '')}`;
  return 'WAITING to be analysed';
}

function standingOf({ instance }: ImageFacts): Standing {
  if (instance.disposition === 'pending') return 'waiting';
  return ['held', 'quarantined', 'failed'].includes(instance.disposition) || instance.spoolState === 'missing'
    ? 'attention'
    : 'done';
}

function imageAdvice({ instance }: ImageFacts): string[] {
  const advice = instance.reasons.flatMap((reason) => adviceFor(reason.code, instance) ?? []);
  const lost =
    instance.spoolState === 'missing'
      ? [`The file is gone: send the image again from ${printable(instance.callingAeTitle)}.`]
      : [];
  return [...new Set([...lost, ...advice])];
}

function deliveryAdvice(told: readonly ToldDelivery[]): string[] {
  return [...new Set(told.flatMap(({ next }) => next ?? []))];
}

function explainReport(report: ReportFacts, study: StudyFacts, context: ExplainContext): ExplainedReport {
  const told = report.objects.flatMap((object) => tellDeliveries(object, study, context));
  const earlier = study.reports.find(
    ({ sopInstanceUid }) => sopInstanceUid === report.predecessorSopInstanceUid,
  );
  const numbers = report.instanceIds
    .map((id) => study.images.findIndex(({ instance }) => instance.instanceId === id) + 1)
    .filter((number) => number > 0);
  const follows =
    report.predecessorSopInstanceUid === null
      ? ''
      : `, replaces revision ${earlier?.revision ?? '(removed)'} and names it as its predecessor`;
  return {
    revision: report.revision,
    sopInstanceUid: report.sopInstanceUid,
    title: `Report revision ${report.revision} of ${counted(numbers.length, 'image')} (${numbers.join(', ')})${follows}`,
    imageNumbers: numbers,
    standing: worst(told.map(({ standing }) => standing)),
    lines: [
      {
        atMs: report.createdAtMs,
        topic: 'written',
        text: `SR by model ${report.modelSha256.slice(0, 8)}${told.length === 0 ? '; no destination takes reports' : ''}`,
      },
      ...[
        ...operatorLines(study.timeline, new Set(report.objects.map(({ object }) => object.objectId))),
        ...told.map(({ line }) => line),
      ].toSorted((a, b) => (a.atMs ?? 0) - (b.atMs ?? 0)),
    ],
    next: deliveryAdvice(told),
  };
}

/** Where the study's report stands, when it is not simply there. */
function studyLine(
  study: StudyFacts,
  { quietTimeMs }: ExplainContext,
): { readonly line: ExplainedLine; readonly standing: Standing } | undefined {
  const say = (text: string, standing: Standing) => ({
    line: { atMs: null, topic: 'report', text },
    standing,
  });
  const inScope = study.images.some(
    ({ analysis, instance }) =>
      analysis !== null || instance.disposition === 'pending' || instance.outcome === 'FAILED',
  );
  if (study.state === 'OPEN' && inScope) {
    return study.lastError === null
      ? say(
          `is written when nothing has come for ${duration(quietTimeMs)} and no image is in work`,
          'waiting',
        )
      : say(`could not be built and is tried again: ${printable(study.lastError)}`, 'waiting');
  }
  if (study.state === 'REPORTING') return say('is being written', 'waiting');
  if (study.state === 'FAILED')
    return say(`COULD NOT BE BUILT: ${printable(study.lastError ?? 'no cause kept')}`, 'attention');
  if (study.reports.length > 0) return undefined;
  return say(
    inScope
      ? 'none was written: results.noResult or the outcome asks for none'
      : 'none: no image of this study is in scope',
    'done',
  );
}
