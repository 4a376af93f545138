import { type Reason, reasonCatalogue } from '../../core/reasons.ts';
import type { AnalysisFacts, ImageFacts, TimelineRow } from '../ports.ts';
import { counted, duration, printable, size } from '../text-layout.ts';
import { asObject, readAnalysisRecord, readEvidence, type SeenEvidence } from './evidence.ts';
import type { ExplainContext, ExplainedLine } from './explanation.ts';

/** Code, catalogue text and what was seen: `S02 not a lateral view (ViewPosition=AP)`. */
export function reasonText({ code, detail }: Reason): string {
  const { text } = reasonCatalogue[code];
  return detail === '' || detail === text ? `${code} ${text}` : `${code} ${text} (${printable(detail)})`;
}

/** Everything that happened to one image, except its results' way out. */
export function imageLines(
  image: ImageFacts,
  timeline: readonly TimelineRow[],
  context: ExplainContext,
): ExplainedLine[] {
  const own = timeline.filter(({ fields }) => fields['instanceId'] === image.instance.instanceId);
  const objectIds = new Set(image.objects.map(({ object }) => object.objectId));
  return [
    received(image),
    ...decisionLines(image),
    ...image.analyses.map((analysis) => analysisLine(analysis, image, context)),
    ...own.filter((row) => row !== presentEnding(own, image)).flatMap(historyLine),
    ...operatorLines(timeline, objectIds),
    ...image.feedback.map(
      (one): ExplainedLine => ({
        atMs: one.atMs,
        topic: 'reader',
        text: `${printable(one.operator)}: ${one.judgement}${one.readerClass === null ? '' : `, would say ${printable(one.readerClass)}`}${one.comment === null ? '' : ` ("${printable(one.comment)}")`}`,
      }),
    ),
  ];
}

function received({ instance }: ImageFacts): ExplainedLine {
  const file = { present: '', missing: '; its file is LOST', purged: '; its file was removed by retention' };
  return {
    atMs: instance.receivedAtMs,
    topic: 'received',
    text: `${size(instance.sizeBytes)} from ${printable(instance.callingAeTitle)} (${instance.peerIp}), safe on disk${file[instance.spoolState]}`,
  };
}

function decisionLines({ decision, instance }: ImageFacts): ExplainedLine[] {
  if (decision === null) return [];
  const evidence = readEvidence(decision.evidence);
  const rules = `rules ${decision.ruleVersion.slice(0, 8)}`;
  const line = (topic: string, text: string): ExplainedLine[] => [
    { atMs: decision.decidedAtMs, topic, text: `${text}; ${rules}` },
  ];
  if (decision.verdict === 'include') return line('in scope', decisiveTags(evidence));
  const said = whatWasSaid(evidence);
  if (decision.verdict === 'exclude') return line('skipped', said);
  return line(instance.disposition === 'held' ? 'held' : 'unclear', said);
}

/** `lumbar by BodyPartExamined=LSPINE; lateral by ViewPosition=LL`, then the rules beyond plain agreement. */
function decisiveTags(evidence: SeenEvidence): string {
  const region = strongest(evidence, 'region');
  const view = strongest(evidence, 'view');
  const parts = [
    region === '' ? '' : `lumbar by ${region}`,
    view === '' ? '' : `lateral by ${view}`,
    ...evidence.steps.map((step) => stepTexts[step] ?? step),
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'lateral lumbar spine' : parts.join('; ');
}

/** The attributes of the most trusted rank that said yes: weaker ones only agreed with them. */
function strongest({ votes }: SeenEvidence, dimension: string, answer = 'Y'): string {
  const said = votes.filter((one) => one.dimension === dimension && one.vote === answer);
  const rank = Math.min(...said.map((one) => one.rank));
  return said
    .filter((one) => one.rank === rank)
    .map(tagText)
    .join(', ');
}

const stepTexts: Readonly<Record<string, string>> = {
  STUDY_TEXT_GIVES_REGION: 'the study text names the region, as the image names none',
  DYNAMIC_IMPLIES_LATERAL: 'flexion and extension of the lumbar spine are taken lateral',
  DYNAMIC_CONFLICT: 'attributes differ about flexion and extension',
};

/** Each dimension with its answers: `lumbar: yes by BodyPartExamined=LSPINE; lateral: no by ViewPosition=AP`. */
function whatWasSaid(evidence: SeenEvidence): string {
  const parts = [dimensionText(evidence, 'region', 'lumbar'), dimensionText(evidence, 'view', 'lateral')];
  return parts.join('; ');
}

function dimensionText(evidence: SeenEvidence, dimension: string, question: string): string {
  const answers = [
    ['Y', 'yes'],
    ['N', 'no'],
    ['U', 'unclear'],
  ] as const;
  const isAnswered = ['Y', 'N'].some((vote) => strongest(evidence, dimension, vote) !== '');
  const said = answers.flatMap(([vote, word]) => {
    const tags = strongest(evidence, dimension, vote);
    return tags === '' || (vote === 'U' && isAnswered) ? [] : [`${word} by ${tags}`];
  });
  return `${question}: ${said.length === 0 ? 'no attribute tells' : said.join(', ')}`;
}

function tagText({ attribute, seen, isSiteDictionary }: SeenEvidence['votes'][number]): string {
  return `${attribute}=${printable(seen)}${isSiteDictionary ? ' [site dictionary]' : ''}`;
}

function analysisLine(analysis: AnalysisFacts, image: ImageFacts, context: ExplainContext): ExplainedLine {
  const { classes, mapReliability } = readAnalysisRecord(analysis.record);
  const isSecond = analysis.modelSha256 !== image.analysis?.modelSha256;
  const took = Object.values(asObject(analysis.timings)).reduce<number>(
    (sum, ms) => sum + (typeof ms === 'number' ? ms : 0),
    0,
  );
  const figures = classes
    .filter(({ isFinding }) => isFinding)
    .map(({ label, probability, threshold }) => {
      const shown = context.figure(analysis.modelSha256, probability, threshold);
      return `${label} ${shown} (reported from ${context.figure(analysis.modelSha256, threshold)})`;
    });
  const parts = [
    `${analysis.modelId} ${analysis.modelVersion} (${analysis.modelSha256.slice(0, 8)}) on ${analysis.provider}, ${duration(took)}`,
    ...(isSecond ? [`second opinion ${analysis.outcome}`] : []),
    ...(figures.length === 0 ? [] : [figures.join(', ')]),
    ...(mapReliability === undefined
      ? []
      : [mapReliability === 'focal' ? 'map focal' : 'map not shown: not focal']),
  ];
  const topic = isSecond ? 'compared' : analysis.outcome === 'NO_RESULT' ? 'refused' : 'analysed';
  return { atMs: analysis.analysedAtMs, topic, text: parts.join('; ') };
}

/** Rows of the audit trail that the tables no longer show: earlier endings, attempts, resends, operators. */
function historyLine({ atMs, event, fields }: TimelineRow): ExplainedLine[] {
  const line = (topic: string, text: string): ExplainedLine[] => [{ atMs, topic, text }];
  const field = (name: string): string => fieldText(fields, name);
  switch (event) {
    case 'INSTANCE_DUPLICATE':
      return line('again', 'sent again with the same content: acknowledged, nothing done twice');
    case 'INSTANCE_CONTENT_CHANGED':
      return line(
        'changed',
        'its UID was known with OTHER content: both are kept and this one is analysed too',
      );
    case 'JOB_RETRY':
      return line('attempt', `attempt ${field('attempt')} failed: ${field('errorCode')} ${field('detail')}`);
    case 'IMAGE_QUARANTINED':
      return line(
        'set aside',
        `after ${counted(Number(fields['attempt'] ?? 0), 'attempt')}: ${field('errorCode')} ${field('detail')}`,
      );
    case 'IMAGE_HELD':
    case 'IMAGE_SKIPPED':
    case 'IMAGE_REFUSED':
    case 'IMAGE_FAILED':
    case 'IMAGE_ANALYSED':
      return line(
        'earlier',
        ['ended as', event.slice('IMAGE_'.length).toLowerCase(), field('outcome'), field('reason')]
          .filter((part) => part !== '')
          .join(' '),
      );
    case 'OPERATOR_RELEASED':
      return line('released', `for analysis by ${field('operator')}`);
    case 'OPERATOR_DISMISSED':
      return line('dismissed', `by ${field('operator')}`);
    case 'OPERATOR_REQUEUED':
      return line(
        'again',
        `${field('operator')} had it analysed again${fields['modelSha256'] === undefined ? '' : ` by model ${field('modelSha256').slice(0, 8)}`}`,
      );
    default:
      return [];
  }
}

function fieldText(fields: TimelineRow['fields'], name: string): string {
  const value = fields[name];
  return typeof value === 'string' || typeof value === 'number' ? printable(String(value)) : '';
}

/** What operators did to the deliveries of these objects. */
export function operatorLines(
  timeline: readonly TimelineRow[],
  objectIds: ReadonlySet<string>,
): ExplainedLine[] {
  return timeline.flatMap(({ atMs, event, fields }): ExplainedLine[] => {
    if (!objectIds.has(fieldText(fields, 'objectId'))) return [];
    const operator = fieldText(fields, 'operator');
    const topic = fieldText(fields, 'destination') || 'operator';
    if (event === 'OPERATOR_RESENT') return [{ atMs, topic, text: `sent again by ${operator}` }];
    return event === 'OPERATOR_ACTION'
      ? [{ atMs, topic, text: `${fieldText(fields, 'action')} by ${operator}` }]
      : [];
  });
}

const endings: ReadonlySet<string> = new Set([
  'IMAGE_HELD',
  'IMAGE_SKIPPED',
  'IMAGE_REFUSED',
  'IMAGE_FAILED',
  'IMAGE_ANALYSED',
]);

/** The row of the ending that still holds: the tables tell it better. An image in work has none. */
function presentEnding(own: readonly TimelineRow[], { instance }: ImageFacts): TimelineRow | undefined {
  if (instance.disposition === 'pending' || instance.disposition === 'quarantined') return undefined;
  if (own.findLast(({ event }) => event === 'OPERATOR_DISMISSED') !== undefined) return undefined;
  return own.findLast(({ event }) => endings.has(event));
}
