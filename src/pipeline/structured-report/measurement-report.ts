import type { WritableDataSet } from '../../dicom/part10-writer.ts';
import { classCode, configuredCode } from '../class-codes.ts';
import type { ClassResult, CodedConcept } from '../result-input.ts';
import { deviceUid } from '../result-uids.ts';
import { comment, type Speaker, summary } from '../wording/sentences.ts';
import { concept } from './concepts.ts';
import { type ContentItem, codeItem, conceptItem, container, text, uidReference } from './content-item.ts';
import { imageLibrary } from './image-library.ts';
import { calledCode, measurementGroups } from './measurement-groups.ts';
import type { ReportScope } from './report-input.ts';

/**
 * Content tree of TID 1500 Measurement Report (PS3.16), the same for all three SR classes: language, observer,
 * procedure, Summary, Image Library, Imaging Measurements, Qualitative Evaluations. The Summary stands before the
 * Image Library because simple viewers print in tree order and the verdict must be the first thing read; TID 1500 is
 * extensible, so validators warn and do not object. No item is by reference, which Enhanced SR forbids.
 */
export function measurementReport(scope: ReportScope): WritableDataSet {
  const { resources, context } = scope;
  const { wording, codes } = resources;
  const speaker: Speaker = { wording, codes, model: context.model };
  return {
    ValueType: 'CONTAINER',
    ConceptNameCodeSequence: [conceptItem(concept.imagingMeasurementReport)],
    ContinuityOfContent: 'SEPARATE',
    ContentTemplateSequence: [{ MappingResource: 'DCMR', TemplateIdentifier: '1500' }],
    ContentSequence: [
      codeItem('HAS CONCEPT MOD', concept.languageOfContentItem, wording.language, [
        codeItem('HAS CONCEPT MOD', concept.countryOfLanguage, wording.country),
      ]),
      ...deviceObserver(scope),
      codeItem(
        'HAS CONCEPT MOD',
        concept.procedureReported,
        configuredCode(codes.procedure_reported, wording.language.value),
      ),
      text('CONTAINS', concept.summary, summary(scope.images, speaker)),
      imageLibrary(scope),
      measurementGroups(scope),
      qualitativeEvaluations(scope, speaker),
    ],
  };
}

/** TID 1004. The UDI container of rows 10 to 12 is left out: DCMTK 3.6.7 and PixelMed 2022 reject it. */
function deviceObserver({ context }: ReportScope): readonly ContentItem[] {
  const { node, model } = context;
  return [
    codeItem('HAS OBS CONTEXT', concept.observerType, concept.device),
    uidReference('HAS OBS CONTEXT', concept.deviceObserverUid, deviceUid(node, model)),
    text('HAS OBS CONTEXT', concept.deviceObserverName, node.nodeId),
    text('HAS OBS CONTEXT', concept.deviceObserverManufacturer, node.manufacturer),
    text('HAS OBS CONTEXT', concept.deviceObserverModelName, node.manufacturerModelName),
    text('HAS OBS CONTEXT', concept.deviceObserverSerialNumber, node.deviceSerialNumber),
  ];
}

/** TID 1500 rows 12 to 14: how the algorithm ended, each class over the whole study, and the comment. */
function qualitativeEvaluations(scope: ReportScope, speaker: Speaker): ContentItem {
  const { resources } = scope;
  const language = resources.wording.language.value;
  return container('CONTAINS', concept.qualitativeEvaluations, [
    codeItem('CONTAINS', concept.cadSummary, cadSummary(scope)),
    codeItem('CONTAINS', concept.summaryOfAnalyses, analysesStatus(scope)),
    ...studyClasses(scope).map(({ entry, called }) =>
      codeItem('CONTAINS', classCode(resources.codes, entry, language), calledCode(called)),
    ),
    text('CONTAINS', concept.comment, comment(scope.images, speaker)),
  ]);
}

/** CID 6047. An indeterminate image is not a success of the algorithm: it is to be treated as not read by AI. */
function cadSummary({ images }: ReportScope): CodedConcept {
  const succeeded = images.filter(
    ({ outcome }) => outcome === 'SUSPECTED' || outcome === 'NOT_DETECTED',
  ).length;
  const found = images.some(({ outcome }) => outcome === 'SUSPECTED');
  if (succeeded === 0) return concept.noneSucceeded;
  if (succeeded < images.length) {
    return found ? concept.someSucceededWithFindings : concept.someSucceededWithoutFindings;
  }
  return found ? concept.allSucceededWithFindings : concept.allSucceededWithoutFindings;
}

/** CID 6042: NO RESULT is "not attempted", FAILED is "failed". */
function analysesStatus({ images }: ReportScope): CodedConcept {
  const ended = images.map(({ outcome }) => outcome);
  const without = ended.filter((outcome) => outcome === 'NO_RESULT' || outcome === 'FAILED');
  if (without.length === 0) return concept.succeeded;
  if (without.length < ended.length) return concept.partiallySucceeded;
  return without.includes('FAILED') ? concept.failed : concept.notAttempted;
}

/** Each finding class once: present in any image, else undetermined in any, else absent where anything was analysed. */
function studyClasses({ images, context }: ReportScope) {
  return context.model.findings.map((entry) => {
    const calls = images.flatMap(({ classes }) =>
      classes.filter(({ id }) => id === entry.id).map(({ called }) => called),
    );
    const order: readonly ClassResult['called'][] = ['present', 'undetermined', 'absent'];
    return { entry, called: order.find((call) => calls.includes(call)) ?? ('undetermined' as const) };
  });
}
