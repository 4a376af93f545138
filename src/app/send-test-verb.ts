import { sentFileLine, sentSummary } from '../admin/peers/send-text.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { reportSopClassUid } from '../pipeline/structured-report/structured-report.ts';
import type { ReportSopClass } from '../pipeline/structured-report/report-input.ts';
import { probeContexts } from '../scu/queries.ts';
import { hostClock } from '../store/store.ts';
import { openActiveModel } from './model-gate.ts';
import { operatorName } from './operator.ts';
import { type PeerTarget, peerTarget } from './peer-target.ts';
import { exitCodes } from './restart-policy.ts';
import { sendFiles } from './send-files.ts';
import type { SendOutput } from './send-verb.ts';
import { buildTestStudy } from './test-study.ts';
import { withWritableBooks } from './writable-books.ts';

/** `with-image`: the simulated image too; `results-only`: for an archive that takes no images from this node. */
export type TestContent = 'with-image' | 'results-only';

/**
 * `send-test`: a simulated lateral of a fictional patient, analysed here by the active model, and its results to a real
 * destination, past the queue. Says what to delete there. Audited before and after. Resolves to the exit code.
 */
export function sendTest(
  configFolder: string,
  peer: string,
  content: TestContent,
  { format, print }: SendOutput,
): Promise<number> {
  return withWritableBooks(configFolder, async ({ store, loaded, config }) => {
    const target = peerTarget(loaded, peer);
    const inference = await openActiveModel({ config, store });
    if (!inference.ok) throw inference.error;
    const study = await buildTestStudy({
      loaded,
      configFolder,
      siteUuid: store.settings.siteUuid(),
      inference: inference.value,
      srClass: await takenReportClass(target),
      nowMs: hostClock.nowMs(),
    });
    await inference.value.session.close();
    const { studyInstanceUid, patientId, patientName, accessionNumber, outcome } = study;
    const files = content === 'with-image' ? [study.image, ...study.results] : study.results;
    const about = { operator: operatorName(), destination: peer, studyInstanceUid };
    store.audit.append('OPERATOR_ACTION', { ...about, action: 'sends a test study', count: files.length });
    const ends = await sendFiles(target, files, (file) => {
      if (format === 'text') print(`${sentFileLine(file)}\n`);
    });
    const stored = ends.filter(({ end }) => end.kind === 'stored').length;
    store.audit.append('OPERATOR_ACTION', { ...about, action: 'sent a test study', count: stored });
    const { id, version } = inference.value.model.manifest;
    const remove = { patientId, patientName, accessionNumber, studyInstanceUid };
    if (format === 'json') {
      const answer = { schema: 1, peer, model: { id, version }, outcome, stored, total: ends.length, remove };
      print(`${JSON.stringify({ ...answer, files: ends }, undefined, 2)}\n`);
    } else {
      print(sentSummary(ends, peer));
      print(`The model ${id} ${version} said ${outcome.replace('_', ' ')} about a simulated image.\n`);
      if (stored > 0)
        print(
          `Delete at ${peer} afterwards:\n  patient ID          ${patientId} (${patientName})\n  accession number    ${accessionNumber}\n  Study Instance UID  ${studyInstanceUid}\n`,
        );
    }
    return stored === ends.length ? exitCodes.ok : exitCodes.failed;
  });
}

/** The first of its report classes that the destination takes now; the first of all when it takes none or is silent. */
async function takenReportClass({ destination, config }: PeerTarget): Promise<ReportSopClass> {
  const probed = await probeContexts(
    destination,
    config.srClass.map((name) => ({
      sopClassUid: reportSopClassUid[name],
      transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
    })),
  );
  const at = probed.ok ? probed.value.findIndex(({ accepted }) => accepted) : -1;
  return config.srClass[Math.max(0, at)] ?? 'Comprehensive3DSR';
}
