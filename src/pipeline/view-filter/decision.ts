import type { RulesConfig } from '../../core/config/index.ts';
import { sha256Hex } from '../../core/identifiers.ts';
import type { Dynamic, Verdict } from '../../core/outcome.ts';
import type { Reason } from '../../core/reasons.ts';
import { type Combined, combine, type Voice } from './combination.ts';
import { type Evidence, type Gathered, gatherEvidence } from './evidence.ts';
import { type GateRules, hardGate, stitchedAspectRatio } from './gates.ts';
import type { ViewDataSet, ViewInput } from './ports.ts';
import type { Vote } from './text-reading.ts';
import type { ViewVocabulary } from './vocabulary.ts';

/** What was seen, step by step, for the audit, the console and `explain`. No patient attribute is in it. */
export interface ViewEvidence {
  readonly votes: readonly Evidence[];
  /** Rules that were applied beyond plain agreement, in order. */
  readonly steps: readonly string[];
  /** The attributes every decision is kept with, by keyword; sequences as `(value, scheme)`. */
  readonly attributes: Readonly<Record<string, string>>;
}

/** The decision about one image. `reasons` is empty exactly when the verdict is include. */
export interface ViewDecision {
  readonly verdict: Verdict;
  readonly region: Vote;
  readonly view: Vote;
  /** Never decides; pairs flexion with extension in the report. Absent when unknown. */
  readonly dynamic?: Dynamic;
  readonly reasons: readonly Reason[];
  readonly evidence: ViewEvidence;
  /** First 16 hex digits of the SHA-256 over vocabulary, site dictionary and rules. */
  readonly ruleVersion: string;
}

/** The filter with its vocabulary and rules. `decide` is pure. */
export interface ViewFilter {
  readonly ruleVersion: string;
  decide(input: ViewInput): ViewDecision;
}

/** Joins a vocabulary and the site's rules to a filter. */
export function createViewFilter(vocabulary: ViewVocabulary, rules: RulesConfig): ViewFilter {
  const ruleVersion = sha256Hex(JSON.stringify([vocabulary.data, rules])).slice(0, 16);
  const gateRules: GateRules = {
    minimumRows: rules.minimumRows,
    minimumColumns: rules.minimumColumns,
    qcPatientId: rules.qcPatientIdPatterns.map((pattern) => new RegExp(pattern, 'iu')),
    qcPatientName: rules.qcPatientNamePatterns.map((pattern) => new RegExp(pattern, 'iu')),
  };
  return {
    ruleVersion,
    decide: (input) => ({ ...decide(input, vocabulary, rules, gateRules), ruleVersion }),
  };
}

function decide(
  input: ViewInput,
  vocabulary: ViewVocabulary,
  rules: RulesConfig,
  gateRules: GateRules,
): Omit<ViewDecision, 'ruleVersion'> {
  const gathered = gatherEvidence(input, vocabulary, rules.dictionary);
  const attributes = recordedAttributes(input);
  const gate = hardGate(input, vocabulary, gateRules, gathered.stitched);
  const { region, view, dynamic, steps } = weigh(gathered);
  const evidence: ViewEvidence = { votes: gathered.evidence, steps, attributes };
  const result = {
    region: region.value ?? 'U',
    view: view.value ?? 'U',
    ...(dynamic === undefined ? {} : { dynamic }),
    evidence,
  } as const;
  if (gate !== undefined) return { ...result, verdict: 'exclude', reasons: [gate] };
  const excluded = exclusions(gathered, result.region, result.view);
  if (excluded.length > 0) return { ...result, verdict: 'exclude', reasons: excluded };
  const unknown = openQuestions(gathered, region, view);
  const isHeaderSilent = unknown.length > 0;
  if (gathered.spot !== undefined && result.view === 'Y' && rules.spot === 'hold')
    unknown.push({ code: 'S14', detail: gathered.spot });
  const tall = tallReason(input.dataSet);
  if (tall !== undefined) unknown.push(tall);
  if (unknown.length === 0) return { ...result, verdict: 'include', reasons: [] };
  // A site that wants no such images held says so; what another rule holds is held all the same.
  const isHeldOtherwise = unknown.some(({ code }) => code === 'S13' || code === 'S14');
  if (rules.unknown === 'exclude' && isHeaderSilent && !isHeldOtherwise)
    return { ...result, verdict: 'exclude', reasons: unknown };
  return { ...result, verdict: 'unknown', reasons: unknown };
}

interface Weighed {
  readonly region: Combined<'Y' | 'N'>;
  readonly view: Combined<'Y' | 'N'>;
  readonly dynamic: Dynamic | undefined;
  readonly steps: readonly string[];
}

function weigh(gathered: Gathered): Weighed {
  const steps: string[] = [];
  let region = combine(votes(gathered.evidence, 'region'));
  let view = combine(votes(gathered.evidence, 'view'));
  const positions = combine(
    gathered.evidence.flatMap((one): Voice<Dynamic>[] =>
      one.dimension === 'dynamic' && one.rank !== 5 ? [{ rank: one.rank, value: asDynamic(one.vote) }] : [],
    ),
  );
  if (region.value === undefined && !region.conflict && !imageNamesRegion(gathered.evidence)) {
    const study = combine(
      gathered.evidence.flatMap((one): Voice<'Y' | 'N'>[] =>
        one.dimension === 'region' && one.rank === 5 ? [{ rank: 3, value: asYesNo(one.vote) }] : [],
      ),
    );
    if (study.value === 'Y') {
      region = study;
      steps.push('STUDY_TEXT_GIVES_REGION');
    }
  }
  const moving = positions.value === 'FLEXION' || positions.value === 'EXTENSION';
  if (
    view.value === undefined &&
    !view.conflict &&
    region.value === 'Y' &&
    moving &&
    gathered.set === undefined &&
    gathered.spot === undefined
  ) {
    view = { value: 'Y', conflict: false };
    steps.push('DYNAMIC_IMPLIES_LATERAL');
  }
  if (gathered.set !== undefined) steps.push(`SET_PHRASE: ${gathered.set}`);
  if (positions.conflict) steps.push('DYNAMIC_CONFLICT');
  return { region, view, dynamic: positions.value, steps };
}

function votes(evidence: readonly Evidence[], dimension: 'region' | 'view'): readonly Voice<'Y' | 'N'>[] {
  return evidence.flatMap((one) =>
    one.dimension === dimension && one.rank !== 5 ? [{ rank: one.rank, value: asYesNo(one.vote) }] : [],
  );
}

function asYesNo(vote: string): 'Y' | 'N' | undefined {
  return vote === 'Y' || vote === 'N' ? vote : undefined;
}

function asDynamic(vote: string): Dynamic | undefined {
  return vote === 'FLEXION' || vote === 'EXTENSION' || vote === 'NEUTRAL' ? vote : undefined;
}

/**
 * True when the image itself names a region that may not be lumbar (a thoraco-lumbar or whole-spine image in a
 * lumbar study): then the study does not make it lumbar.
 */
function imageNamesRegion(evidence: readonly Evidence[]): boolean {
  return evidence.some(
    (one) =>
      one.dimension === 'region' && one.rank !== 5 && one.seen !== 'SPINE' && !/\bSpine$/.test(one.seen),
  );
}

function exclusions(gathered: Gathered, region: Vote, view: Vote): Reason[] {
  const reasons: Reason[] = [];
  if (view === 'N') reasons.push({ code: 'S02', detail: voices(gathered.evidence, 'view', 'N') });
  if (region === 'N') reasons.push({ code: 'S03', detail: voices(gathered.evidence, 'region', 'N') });
  return reasons;
}

function openQuestions(gathered: Gathered, region: Combined<'Y' | 'N'>, view: Combined<'Y' | 'N'>): Reason[] {
  const reasons: Reason[] = [];
  for (const [dimension, combined, code] of [
    ['region', region, 'S11'],
    ['view', view, 'S10'],
  ] as const) {
    if (combined.conflict)
      reasons.push({
        code: 'S12',
        detail: `${dimension}: ${voices(gathered.evidence, dimension, 'Y')} against ${voices(gathered.evidence, dimension, 'N')}`,
      });
    else if (combined.value === undefined) reasons.push({ code, detail: openDetail(gathered, dimension) });
  }
  return reasons;
}

function openDetail(gathered: Gathered, dimension: 'region' | 'view'): string {
  const unclear = voices(gathered.evidence, dimension, 'U');
  if (dimension === 'view' && gathered.set !== undefined)
    return `${gathered.set}, which names a set of images`;
  return unclear === '' ? `no attribute names the ${dimension}` : `${unclear} does not tell the ${dimension}`;
}

function voices(evidence: readonly Evidence[], dimension: 'region' | 'view', vote: Vote): string {
  return evidence
    .filter((one) => one.dimension === dimension && one.vote === vote && one.rank !== 5)
    .map((one) => `${one.attribute}=${one.seen}`)
    .join(', ');
}

function tallReason(dataSet: ViewDataSet): Reason | undefined {
  const rows = dataSet.number('Rows') ?? 0;
  const columns = dataSet.number('Columns') ?? 0;
  return columns > 0 && rows / columns > stitchedAspectRatio
    ? { code: 'S13', detail: `Rows/Columns is ${(rows / columns).toFixed(2)}, probably stitched` }
    : undefined;
}

/** The attributes a decision is kept with; none of them identifies a patient. */
const recordedKeywords = [
  'Modality',
  'Manufacturer',
  'ManufacturerModelName',
  'StationName',
  'BodyPartExamined',
  'ViewPosition',
  'PatientOrientation',
  'Laterality',
  'ImageLaterality',
  'SeriesDescription',
  'ProtocolName',
  'AcquisitionDeviceProcessingDescription',
  'PerformedProcedureStepDescription',
  'RequestedProcedureDescription',
  'StudyDescription',
  'ImageType',
  'PresentationIntentType',
  'PhotometricInterpretation',
  'Rows',
  'Columns',
  'BitsStored',
  'BurnedInAnnotation',
  'QualityControlImage',
  'SeriesNumber',
  'InstanceNumber',
] as const;
const recordedSequences = ['AnatomicRegionSequence', 'ViewCodeSequence', 'ViewModifierCodeSequence'] as const;

function recordedAttributes({
  dataSet,
  sopClassUid,
  callingAeTitle,
}: ViewInput): Readonly<Record<string, string>> {
  const record: Record<string, string> = { SOPClassUID: sopClassUid, CallingAeTitle: callingAeTitle };
  for (const keyword of recordedKeywords) {
    const value = dataSet.strings(keyword).join('\\');
    if (value !== '') record[keyword] = value.slice(0, 64);
  }
  for (const keyword of recordedSequences) {
    const codes = dataSet
      .sequence(keyword)
      .map((item) => `(${item.string('CodeValue') ?? ''}, ${item.string('CodingSchemeDesignator') ?? ''})`);
    if (codes.length > 0) record[keyword] = codes.join(' ');
  }
  return record;
}
