import { Readable } from 'node:stream';
import { NodeError } from '../core/errors.ts';
import { newUlid } from '../core/identifiers.ts';
import type { LoadedConfig } from '../core/config/index.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { analyseImage } from '../pipeline/analyse-image.ts';
import { writeAnalysisRecord } from '../pipeline/analysis-record.ts';
import type { Inference } from '../pipeline/inference.ts';
import { reportStudy } from '../pipeline/report-study.ts';
import { readStudyContext } from '../pipeline/study-context.ts';
import type { ReportSopClass } from '../pipeline/structured-report/report-input.ts';
import { type SimulatedImage, studyImages } from '../simulator/study.ts';
import { openComposer } from './result-composer.ts';
import type { HandSent } from './send-files.ts';

/** A clearly fictional study that a PACS can be asked to delete again. */
export interface TestStudy {
  readonly patientId: string;
  readonly patientName: string;
  readonly accessionNumber: string;
  readonly studyInstanceUid: string;
  readonly outcome: string;
  readonly image: HandSent;
  readonly results: readonly HandSent[];
}

export interface TestStudyOptions {
  readonly loaded: LoadedConfig;
  readonly configFolder: string;
  readonly siteUuid: string;
  readonly inference: Inference;
  readonly srClass: ReportSopClass;
  readonly nowMs: number;
}

/** One of the simulator's people, with an English header. */
const seed = 20_100_006;
const patient = { patientName: 'TEST^PATIENT', patientId: 'LUMBAR-NODE-TEST' } as const;
const kindNames = {
  SC: 'secondary capture',
  SR: 'structured report',
  GSPS: 'presentation state',
  PM: 'parametric map',
} as const;

/**
 * Simulates one lateral, analyses it with this model and makes its results by the site's configuration, as the worker
 * does. Every call makes a study of its own: an archive keeps the first bytes it saw under a UID.
 */
export async function buildTestStudy(options: TestStudyOptions): Promise<TestStudy> {
  const { inference, nowMs, srClass } = options;
  const { config, sha256: configSha256 } = options.loaded;
  const simulated = simulateLateralNow(nowMs);
  const file = readPart10(simulated.bytes);
  if (!file.ok) throw file.error;
  const study = readStudyContext(file.value.dataSet);
  if (!study.ok) throw study.error;
  const composer = openComposer({
    config,
    configSha256,
    configFolder: options.configFolder,
    siteUuid: options.siteUuid,
    model: inference.model,
  });
  const { minimumRows, minimumColumns } = config.rules;
  const { image } = await analyseImage(file.value, inference, {
    quality: { minimumRows, minimumColumns },
    dynamic: undefined,
    thresholds: config.results.thresholds,
  });
  const context = composer.resultContext(study.value, nowMs);
  const { objects, capturedMapClassId } =
    image.outcome === 'NO_RESULT'
      ? { objects: [] }
      : composer.buildObjects(context, image, file.value.dataSet);
  const capture = objects.find(({ kind }) => kind === 'SC');
  const { sopClassUid, sopInstanceUid, seriesInstanceUid, studyInstanceUid } = simulated;
  const report = reportStudy(
    {
      studyInstanceUid,
      revision: 1,
      startedAtMs: nowMs,
      images: [
        {
          instanceId: 'test',
          sopClassUid,
          sopInstanceUid,
          seriesInstanceUid,
          record: writeAnalysisRecord(study.value, image, capturedMapClassId),
          reasons: image.reason === undefined ? [] : [image.reason],
          ...(capture === undefined ? {} : { capture }),
        },
      ],
    },
    {
      noResult: config.results.noResult,
      resultContext: (of, startedAtMs) => composer.resultContext(of, startedAtMs),
      build: (plan) => composer.buildReport(plan, srClass),
    },
  );
  const made = report === undefined ? objects : [...objects, { kind: 'SR' as const, ...report }];
  return {
    ...patient,
    accessionNumber: accessionOf(nowMs),
    studyInstanceUid,
    outcome: image.outcome,
    image: handSent('simulated lateral', simulated),
    results: made.map((object) => handSent(kindNames[object.kind], object)),
  };
}

function simulateLateralNow(nowMs: number): SimulatedImage {
  const [date = '', time = ''] = new Date(nowMs)
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .split('T');
  const [image] = studyImages(seed, {
    views: ['neutral'],
    tags: 'orderly',
    variant: newUlid(nowMs),
    identity: { ...patient, accessionNumber: accessionOf(nowMs) },
    taken: { date, time },
  });
  if (image === undefined) throw new NodeError('BUG_INVARIANT', 'the simulator made no image');
  return image;
}

/** At most 16 characters (SH). */
function accessionOf(nowMs: number): string {
  return `TEST${Math.floor(nowMs / 1000)}`;
}

function handSent(
  file: string,
  object: { readonly sopClassUid: string; readonly sopInstanceUid: string; readonly bytes: Uint8Array },
): HandSent {
  const { sopClassUid, sopInstanceUid, bytes } = object;
  return {
    file,
    object: {
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
      open: () => Readable.from([bytes]),
    },
  };
}
