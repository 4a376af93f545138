import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asNodeError, NodeError } from '../../core/errors.ts';
import { type Part10File, readPart10 } from '../../dicom/part10-reader.ts';
import { structuredReportText } from '../../dicom/structured-report-text.ts';
import { decodeFrames } from '../../imaging/decode-frames.ts';
import { initialiseCodecs } from '../../imaging/native-codec.ts';
import { analyseImage } from '../../pipeline/analyse-image.ts';
import { writeAnalysisRecord } from '../../pipeline/analysis-record.ts';
import type { Inference } from '../../pipeline/inference.ts';
import { readInside } from '../../pipeline/model-package.ts';
import type { NewObject } from '../../pipeline/ports.ts';
import { reportStudy } from '../../pipeline/report-study.ts';
import type { ResultObject } from '../../pipeline/result-input.ts';
import { readStudyContext } from '../../pipeline/study-context.ts';
import { studyImages } from '../../simulator/study.ts';
import { offlineComposer } from '../evaluation/offline-tools.ts';
import type { Check } from './check.ts';

/** Seed of the simulated patient that stands in when a package has no golden DICOM file. */
const standInSeed = 30_000_000;
const standInPixels = 640;

/** Builds a capture and a report as the node would, and reads them back: with the own readers, and dciodvfy's if there. */
export async function checkObjects(inference: Inference): Promise<Check[]> {
  try {
    const { capture, report, outcome } = await buildObjects(inference);
    return [
      { name: 'capture', ...(await readCapture(capture)) },
      { name: 'report', ...readReport(report, outcome) },
      validated([capture.bytes, report.bytes]),
    ];
  } catch (error) {
    return [{ name: 'result objects', ok: false, evidence: asNodeError(error).message }];
  }
}

interface BuiltResult {
  readonly capture: NewObject;
  readonly report: ResultObject;
  readonly outcome: string;
}

async function buildObjects(inference: Inference): Promise<BuiltResult> {
  const file = await sourceFile(inference);
  const study = readStudyContext(file.dataSet);
  if (!study.ok) throw study.error;
  const composer = offlineComposer(inference.model);
  const { image } = await analyseImage(file, inference, {
    quality: { minimumRows: 16, minimumColumns: 16 },
    dynamic: undefined,
    thresholds: {},
  });
  const context = composer.resultContext(study.value, 0);
  const { objects, capturedMapClassId } = composer.buildObjects(context, image, file.dataSet);
  const capture = objects.find(({ kind }) => kind === 'SC');
  const report = reportStudy(
    {
      studyInstanceUid: study.value.studyInstanceUid,
      revision: 1,
      startedAtMs: 0,
      images: [
        {
          instanceId: 'verify',
          sopClassUid: image.sourceSopClassUid,
          sopInstanceUid: image.sourceSopInstanceUid,
          seriesInstanceUid: image.sourceSeriesInstanceUid,
          record: writeAnalysisRecord(study.value, image, capturedMapClassId),
          reasons: [],
          ...(capture === undefined ? {} : { capture }),
        },
      ],
    },
    {
      noResult: 'sr',
      resultContext: (of, startedAtMs) => composer.resultContext(of, startedAtMs),
      build: (plan) => composer.buildReport(plan),
    },
  );
  if (capture === undefined || report === undefined)
    throw new NodeError('RESULT_INVALID', 'no capture or no report was built');
  return { capture, report, outcome: image.outcome };
}

/** A golden DICOM file of the package, else a simulated radiograph. */
async function sourceFile({ model }: Inference): Promise<Part10File> {
  const golden = model.manifest.golden.find(({ kind }) => kind === 'dicom');
  const parsed = readPart10(golden === undefined ? await standIn() : goldenBytes(model.folder, golden.file));
  if (!parsed.ok) throw parsed.error;
  return parsed.value;
}

function goldenBytes(folder: string, file: string): Uint8Array {
  const [inner = '', name = ''] = file.split('/');
  const bytes = readInside(join(folder, inner), name);
  if (!bytes.ok) throw bytes.error;
  return bytes.value;
}

async function standIn(): Promise<Uint8Array> {
  await initialiseCodecs();
  for (const { bytes } of studyImages(standInSeed, {
    views: ['neutral'],
    size: standInPixels,
    transferSyntaxUid: 'mixed',
  }))
    return bytes;
  throw new NodeError('BUG_INVARIANT', 'the simulator made no image');
}

async function readCapture({ bytes }: NewObject): Promise<Omit<Check, 'name'>> {
  const file = readPart10(bytes);
  if (!file.ok) return { ok: false, evidence: file.error.message };
  const pixels = await decodeFrames(file.value);
  if (!pixels.ok) return { ok: false, evidence: pixels.error.message };
  const { rows, columns } = pixels.value;
  return { ok: true, evidence: `Secondary Capture, ${columns} x ${rows}, read back` };
}

function readReport({ bytes }: ResultObject, outcome: string): Omit<Check, 'name'> {
  const file = readPart10(bytes);
  if (!file.ok) return { ok: false, evidence: file.error.message };
  const lines = structuredReportText(file.value.dataSet).trimEnd().split('\n');
  return lines.some((line) => line.includes('"Summary"'))
    ? { ok: true, evidence: `Structured Report, ${lines.length} items, outcome ${outcome}, read back` }
    : { ok: false, evidence: 'the report has no summary' };
}

/** David Clunie's validator, where it is installed. */
function validated(objects: readonly Uint8Array[]): Check {
  const name = 'dciodvfy';
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-verify-'));
  try {
    const errors: string[] = [];
    for (const [index, bytes] of objects.entries()) {
      const file = join(folder, `${index}.dcm`);
      writeFileSync(file, bytes);
      const run = spawnSync('dciodvfy', ['-new', file], { encoding: 'utf8' });
      if (run.error !== undefined)
        return {
          name,
          ok: true,
          evidence: 'not installed here (Debian: dicom3tools); the own readers were used',
        };
      errors.push(...`${run.stdout}${run.stderr}`.split('\n').filter((line) => /^(Error|Abort)/.test(line)));
    }
    return errors.length === 0
      ? { name, ok: true, evidence: 'no error in capture and report' }
      : { name, ok: false, evidence: errors.join('; ') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
