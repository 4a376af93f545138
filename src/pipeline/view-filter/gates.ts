import type { Reason } from '../../core/reasons.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import { termOf } from './normalised-text.ts';
import type { ViewInput } from './ports.ts';
import { codeKey, type ViewVocabulary } from './vocabulary.ts';

/** The rules a gate needs, patterns compiled. */
export interface GateRules {
  readonly minimumRows: number;
  readonly minimumColumns: number;
  readonly qcPatientId: readonly RegExp[];
  readonly qcPatientName: readonly RegExp[];
}

/** Rows divided by columns above this is probably stitched; a heuristic of ours, so it only makes "unknown". */
export const stitchedAspectRatio = 2.6;

/** Stage A: the first hard reason to leave an image out, or undefined. Details never quote patient attributes. */
export function hardGate(
  input: ViewInput,
  vocabulary: ViewVocabulary,
  rules: GateRules,
  stitchedText: string | undefined,
): Reason | undefined {
  const { dataSet } = input;
  if (input.isOwnObject === true) return { code: 'S05', detail: 'made by this node' };
  if (input.sopClassUid === sopClassUid.digitalXRayImageStorageForProcessing)
    return { code: 'S04', detail: 'SOP Class is DX For Processing' };
  if (
    input.sopClassUid !== sopClassUid.computedRadiographyImageStorage &&
    input.sopClassUid !== sopClassUid.digitalXRayImageStorageForPresentation
  ) {
    return { code: 'S01', detail: `SOP Class is ${input.sopClassUid}` };
  }
  if (termOf(dataSet.string('PresentationIntentType') ?? '') === 'FORPROCESSING')
    return { code: 'S04', detail: 'PresentationIntentType is FOR PROCESSING' };
  const samples = dataSet.number('SamplesPerPixel');
  const photometric = dataSet.string('PhotometricInterpretation') ?? '';
  if ((samples !== undefined && samples !== 1) || photometric.startsWith('PALETTE'))
    return {
      code: 'S08',
      detail: `SamplesPerPixel is ${samples ?? 'absent'}, PhotometricInterpretation is ${photometric}`,
    };
  const frames = dataSet.number('NumberOfFrames') ?? 1;
  if (frames > 1) return { code: 'S09', detail: `NumberOfFrames is ${frames}` };
  const imageType = dataSet.strings('ImageType').map(termOf);
  if (imageType[1] === 'SECONDARY') return { code: 'S06', detail: 'ImageType value 2 is SECONDARY' };
  const marker = imageType.slice(2).find((value) => vocabulary.derivedMarkers.has(value));
  if (imageType[0] === 'DERIVED' && marker !== undefined)
    return { code: 'S06', detail: `ImageType is DERIVED with ${marker}` };
  if (termOf(dataSet.string('QualityControlImage') ?? '') === 'YES')
    return { code: 'S07', detail: 'QualityControlImage is YES' };
  if (matches(rules.qcPatientId, dataSet.string('PatientID')))
    return { code: 'S07', detail: 'PatientID matches rules.qcPatientIdPatterns' };
  if (matches(rules.qcPatientName, dataSet.string('PatientName')))
    return { code: 'S07', detail: 'PatientName matches rules.qcPatientNamePatterns' };
  return pixelGate(input, rules) ?? stitchedGate(input, vocabulary, imageType, stitchedText);
}

function pixelGate({ dataSet, hasPixelData }: ViewInput, rules: GateRules): Reason | undefined {
  if (hasPixelData === false) return { code: 'T04', detail: 'PixelData is absent' };
  const rows = dataSet.number('Rows');
  const columns = dataSet.number('Columns');
  if (rows === undefined || columns === undefined)
    return { code: 'T04', detail: 'Rows or Columns is absent' };
  if (rows < rules.minimumRows || columns < rules.minimumColumns)
    return { code: 'Q02', detail: `${columns} columns x ${rows} rows` };
  return undefined;
}

function stitchedGate(
  { dataSet }: ViewInput,
  vocabulary: ViewVocabulary,
  imageType: readonly string[],
  text: string | undefined,
): Reason | undefined {
  if (text !== undefined) return { code: 'S13', detail: text };
  const marker = imageType.find((value) => vocabulary.stitchedMarkers.has(value));
  if (marker !== undefined) return { code: 'S13', detail: `ImageType holds ${marker}` };
  const coded = dataSet
    .sequence('DerivationCodeSequence')
    .some((item) =>
      vocabulary.stitchingCodes.has(
        codeKey(item.string('CodingSchemeDesignator') ?? '', item.string('CodeValue') ?? ''),
      ),
    );
  return coded ? { code: 'S13', detail: 'DerivationCodeSequence says image stitching' } : undefined;
}

function matches(patterns: readonly RegExp[], text: string | undefined): boolean {
  return text !== undefined && patterns.some((pattern) => pattern.test(text));
}
