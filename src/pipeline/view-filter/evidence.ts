import type { DictionaryEntry } from '../../core/config/index.ts';
import type { Dynamic } from '../../core/outcome.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import { termOf } from './normalised-text.ts';
import type { ViewDataSet, ViewInput } from './ports.ts';
import { readText, type TextReading, type Vote } from './text-reading.ts';
import { codeKey, type ViewVocabulary } from './vocabulary.ts';

/** One thing that one attribute says about one dimension. */
export interface Evidence {
  readonly rank: 1 | 2 | 3 | 4 | 5;
  readonly dimension: 'region' | 'view' | 'dynamic';
  /** PS3.6 keyword of the attribute. */
  readonly attribute: string;
  /** The code, term or phrase that spoke; never the whole of a free text. */
  readonly seen: string;
  /** Y, N or U for region and view; the position for dynamic. */
  readonly vote: Vote | Dynamic;
  readonly source: 'code' | 'term' | 'text' | 'geometry' | 'site dictionary';
}

/** Everything the header says, before it is weighed. */
export interface Gathered {
  readonly evidence: readonly Evidence[];
  /** Some text of this image names a set of images, or bending without a direction. */
  readonly set: string | undefined;
  readonly spot: string | undefined;
  readonly stitched: string | undefined;
}

/** Texts of this image and its series, all of one trust; study texts never decide alone. */
const imageTexts = [
  'SeriesDescription',
  'ProtocolName',
  'AcquisitionDeviceProcessingDescription',
  'PerformedProcedureStepDescription',
] as const;
const studyTexts = ['RequestedProcedureDescription', 'StudyDescription'] as const;

/** Reads all evidence of ranks 1 to 5 from the data set. */
export function gatherEvidence(
  input: ViewInput,
  vocabulary: ViewVocabulary,
  dictionary: readonly DictionaryEntry[],
): Gathered {
  const { dataSet, callingAeTitle } = input;
  const evidence: Evidence[] = [...codedEvidence(dataSet, vocabulary)];
  let set: string | undefined;
  let spot: string | undefined;
  let stitched: string | undefined;
  const read = (attribute: string): TextReading | undefined => {
    const text = dataSet
      .strings(attribute)
      .filter((part) => part !== '')
      .join(' ');
    return text === '' ? undefined : readText(text, attribute, callingAeTitle, vocabulary, dictionary);
  };
  const note = (attribute: string, reading: TextReading): void => {
    if (reading.set)
      set ??= describe(attribute, reading, ['set', 'bending', 'lateral', 'frontal', 'flexion', 'extension']);
    if (reading.spot) spot ??= describe(attribute, reading, ['spot']);
    if (reading.stitched) stitched ??= describe(attribute, reading, ['stitched']);
  };
  for (const [attribute, terms] of [
    ['BodyPartExamined', vocabulary.regionOfTerm],
    ['ViewPosition', vocabulary.viewOfTerm],
  ] as const) {
    const value = dataSet.string(attribute);
    const reading = read(attribute);
    if (value === undefined || reading === undefined) continue;
    const meaning = terms.get(termOf(value));
    if (meaning !== undefined && reading.dictionaryEntry === undefined) {
      evidence.push(termEvidence(attribute, termOf(value), meaning));
      continue;
    }
    note(attribute, reading);
    evidence.push(
      ...textEvidence(attribute, reading, (dimension) =>
        (attribute === 'BodyPartExamined') === (dimension === 'region') ? 2 : 3,
      ),
    );
  }
  for (const attribute of imageTexts) {
    const reading = read(attribute);
    if (reading === undefined) continue;
    note(attribute, reading);
    evidence.push(...textEvidence(attribute, reading, () => 3));
  }
  evidence.push(...geometryEvidence(dataSet, input.sopClassUid));
  evidence.push(...regionOfSequence(dataSet, 'ProcedureCodeSequence', 5, vocabulary));
  for (const attribute of studyTexts) {
    const reading = read(attribute);
    if (reading !== undefined) evidence.push(...textEvidence(attribute, reading, () => 5));
  }
  return { evidence, set, spot, stitched };
}

function describe(attribute: string, reading: TextReading, kinds: readonly string[]): string {
  const seen = reading.phrases.filter((match) => kinds.includes(match.kind)).map((match) => match.phrase);
  return `${attribute} says "${seen.join('", "')}"`;
}

interface Code {
  readonly key: string;
  readonly shown: string;
}

function codesIn(items: readonly ViewDataSet[]): readonly Code[] {
  return items.flatMap((item) => {
    const value = item.string('CodeValue');
    const scheme = item.string('CodingSchemeDesignator');
    return value === undefined || scheme === undefined
      ? []
      : [{ key: codeKey(scheme, value), shown: `(${value}, ${scheme})` }];
  });
}

function codedEvidence(dataSet: ViewDataSet, vocabulary: ViewVocabulary): Evidence[] {
  const evidence: Evidence[] = [];
  for (const attribute of [
    'AnatomicRegionSequence',
    'PerformedProtocolCodeSequence',
    'RequestedProcedureCodeSequence',
  ]) {
    evidence.push(...regionOfSequence(dataSet, attribute, 1, vocabulary));
  }
  const views = dataSet.sequence('ViewCodeSequence');
  for (const { key, shown } of codesIn(views)) {
    const known = vocabulary.viewOfCode.get(key);
    const vote: Vote =
      known === undefined || known.meaning === 'unclear' ? 'U' : known.meaning === 'lateral' ? 'Y' : 'N';
    evidence.push({
      rank: 1,
      dimension: 'view',
      attribute: 'ViewCodeSequence',
      seen: `${shown} ${known?.name ?? 'not in the table'}`,
      vote,
      source: 'code',
    });
  }
  // DX nests the modifier in the view code item (PS3.3 C.8.11.5); some senders put it beside it.
  const modifiers = [
    ...dataSet.sequence('ViewModifierCodeSequence'),
    ...views.flatMap((item) => item.sequence('ViewModifierCodeSequence')),
  ];
  for (const { key, shown } of codesIn(modifiers)) {
    const view = vocabulary.viewOfModifier.get(key);
    if (view?.meaning === 'lateral')
      evidence.push({
        rank: 2,
        dimension: 'view',
        attribute: 'ViewModifierCodeSequence',
        seen: `${shown} ${view.name}`,
        vote: 'Y',
        source: 'code',
      });
    const dynamic = vocabulary.dynamicOfCode.get(key);
    if (dynamic)
      evidence.push({
        rank: 1,
        dimension: 'dynamic',
        attribute: 'ViewModifierCodeSequence',
        seen: `${shown} ${dynamic.name}`,
        vote: dynamic.meaning,
        source: 'code',
      });
  }
  for (const { key, shown } of codesIn(conceptCodes(dataSet.sequence('AcquisitionContextSequence')))) {
    const dynamic = vocabulary.dynamicOfCode.get(key);
    if (dynamic)
      evidence.push({
        rank: 1,
        dimension: 'dynamic',
        attribute: 'AcquisitionContextSequence',
        seen: `${shown} ${dynamic.name}`,
        vote: dynamic.meaning,
        source: 'code',
      });
  }
  return evidence;
}

/** The value codes of the rows of TID 3460, wherever a sender puts them; the concept names differ and are not read. */
function conceptCodes(rows: readonly ViewDataSet[]): readonly ViewDataSet[] {
  return rows.flatMap((row) => [
    ...row.sequence('ConceptCodeSequence'),
    ...conceptCodes(row.sequence('ContentItemModifierSequence')),
  ]);
}

function regionOfSequence(
  dataSet: ViewDataSet,
  attribute: string,
  rank: 1 | 5,
  vocabulary: ViewVocabulary,
): Evidence[] {
  return codesIn(dataSet.sequence(attribute)).flatMap(({ key, shown }) => {
    const known = vocabulary.regionOfCode.get(key);
    if (known === undefined && attribute !== 'AnatomicRegionSequence') return [];
    const vote: Vote =
      known === undefined || known.meaning === 'unclear' ? 'U' : known.meaning === 'lumbar' ? 'Y' : 'N';
    return [
      {
        rank,
        dimension: 'region',
        attribute,
        seen: `${shown} ${known?.name ?? 'not in the table'}`,
        vote,
        source: 'code',
      } as const,
    ];
  });
}

function termEvidence(attribute: string, seen: string, meaning: string): Evidence {
  if (meaning === 'flexion' || meaning === 'extension') {
    return {
      rank: 2,
      dimension: 'dynamic',
      attribute,
      seen,
      vote: meaning === 'flexion' ? 'FLEXION' : 'EXTENSION',
      source: 'term',
    };
  }
  const vote: Vote = meaning === 'unclear' ? 'U' : meaning === 'lumbar' || meaning === 'lateral' ? 'Y' : 'N';
  return {
    rank: 2,
    dimension: attribute === 'BodyPartExamined' ? 'region' : 'view',
    attribute,
    seen,
    vote,
    source: 'term',
  };
}

function textEvidence(
  attribute: string,
  reading: TextReading,
  rankOf: (dimension: Evidence['dimension']) => 2 | 3 | 5,
): Evidence[] {
  const source = reading.dictionaryEntry === undefined ? 'text' : 'site dictionary';
  const seen =
    reading.dictionaryEntry === undefined
      ? reading.phrases.map((match) => match.phrase).join(' + ')
      : `entry ${reading.dictionaryEntry}`;
  const evidence: Evidence[] = [];
  if (reading.region !== undefined)
    evidence.push({
      rank: rankOf('region'),
      dimension: 'region',
      attribute,
      seen,
      vote: reading.region,
      source,
    });
  if (reading.view !== undefined)
    evidence.push({ rank: rankOf('view'), dimension: 'view', attribute, seen, vote: reading.view, source });
  if (reading.dynamic !== undefined)
    evidence.push({
      rank: rankOf('dynamic'),
      dimension: 'dynamic',
      attribute,
      seen,
      vote: reading.dynamic,
      source,
    });
  return evidence;
}

/**
 * Patient Orientation (0020,0020): row and column direction, PS3.3 C.7.6.1.1.1. A frontal pair counts only on DX,
 * where the attribute is Type 1; CR readers ship `L\F` as a fixed value.
 */
function geometryEvidence(dataSet: ViewDataSet, sopClass: string): Evidence[] {
  const [row = '', column = ''] = dataSet.strings('PatientOrientation');
  if (row === '' || column === '') return [];
  const plane = planeOf(row, column);
  const onDx = sopClass === sopClassUid.digitalXRayImageStorageForPresentation;
  const vote: Vote = plane === 'sagittal' ? 'Y' : plane !== undefined && onDx ? 'N' : 'U';
  return [
    {
      rank: 4,
      dimension: 'view',
      attribute: 'PatientOrientation',
      seen: `${row}\\${column}${plane === undefined ? '' : ` ${plane}`}`,
      vote,
      source: 'geometry',
    },
  ];
}

function planeOf(row: string, column: string): 'sagittal' | 'frontal' | 'oblique' | undefined {
  if (!/^[APRLHF]{1,3}$/.test(row) || !/^[APRLHF]{1,3}$/.test(column)) return undefined;
  const [across, along] = /^[HF]/.test(row) ? [column, row] : [row, column];
  if (!/^[HF]/.test(along) || /^[HF]/.test(across)) return undefined;
  if (/[AP]/.test(across) && /[LR]/.test(across)) return 'oblique';
  return /^[AP]/.test(across) ? 'sagittal' : 'frontal';
}
