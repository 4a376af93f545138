import { reasonCatalogue } from '../core/reasons.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { percent } from '../pipeline/wording/numbers.ts';
import type { ReceivedObject } from '../simulator/mini-pacs.ts';
import type { StudyExplanation } from '../store/explain.ts';
import type { ReadOnlyStore } from '../store/store.ts';

/** One image as the modality sent it. */
export interface SentImage {
  readonly study: number;
  readonly view: string;
  readonly truth: string;
  readonly sopInstanceUid: string;
  readonly studyInstanceUid: string;
  /** When the node acknowledged it: its last byte was in just before. */
  readonly answeredAtMs: number;
}

/** One line of the demo's table, read from the node's own books and the PACS. */
export interface DemoRow extends SentImage {
  /** A lateral view: it must be analysed and captured. */
  readonly expected: boolean;
  readonly decision: string;
  readonly outcome: string;
  readonly probability: string;
  readonly storedAt: string;
  readonly captureStored: boolean;
  readonly reportStored: boolean;
  readonly secondsToPacs: number | undefined;
  readonly finished: boolean;
}

/** The table as far as it is known now; `findings` are the ids of the classes that the model can report. */
export function demoRows(
  store: ReadOnlyStore,
  sent: readonly SentImage[],
  received: readonly ReceivedObject[],
  findings: readonly string[],
): DemoRow[] {
  const arrived = new Map(received.map((object) => [object.sopInstanceUid, object]));
  return sent.map((image) => {
    const study = store.explain({ sopInstanceUid: image.sopInstanceUid });
    const entry = study?.images.find(({ instance }) => instance.sopInstanceUid === image.sopInstanceUid);
    const report = study?.reports.at(-1);
    const reportObject = report === undefined ? undefined : arrived.get(report.sopInstanceUid);
    const capture = entry?.objects.find(
      ({ object }) => object.sopClassUid === sopClassUid.secondaryCaptureImageStorage,
    );
    const captureObject = capture === undefined ? undefined : arrived.get(capture.object.sopInstanceUid);
    const destinations = [capture, ...(report?.objects ?? [])].flatMap((object) =>
      (object?.deliveries ?? []).map(({ destination }) => destination),
    );
    const expected = ['neutral', 'flexion', 'extension'].includes(image.view);
    const disposition = entry?.instance.disposition ?? 'pending';
    const reasons = entry?.instance.reasons ?? [];
    const probabilities = (entry?.analysis?.probabilities ?? {}) as Readonly<Record<string, number>>;
    const ended = disposition !== 'pending';
    return {
      ...image,
      expected,
      decision:
        reasons.length === 0
          ? disposition
          : `${disposition}: ${reasons.map(({ code }) => `${code} ${reasonCatalogue[code].text}`).join(', ')}`,
      outcome: entry?.analysis?.outcome.replaceAll('_', ' ') ?? '-',
      probability: findings
        .flatMap((id) => (probabilities[id] === undefined ? [] : `${id} ${percent(probabilities[id])}`))
        .join(', '),
      storedAt: expected ? storedWhere(destinations, captureObject, reportObject) : '-',
      captureStored: captureObject !== undefined,
      reportStored: reportObject !== undefined,
      secondsToPacs:
        expected && reportObject !== undefined
          ? (reportObject.receivedAtMs - image.answeredAtMs) / 1000
          : undefined,
      finished: ended && study?.state === 'CLOSED' && undelivered(study) === 0,
    };
  });
}

/** `demo: capture, report`: what of this image is at which destination. */
function storedWhere(
  destinations: readonly string[],
  captureObject: ReceivedObject | undefined,
  reportObject: ReceivedObject | undefined,
): string {
  const kinds = [
    ...(captureObject === undefined ? [] : ['capture']),
    ...(reportObject === undefined ? [] : ['report']),
  ];
  if (kinds.length === 0) return '-';
  return `${[...new Set(destinations)].join(', ')}: ${kinds.join(', ')}`;
}

function undelivered(study: StudyExplanation): number {
  const objects = [
    ...study.images.flatMap((image) => image.objects),
    ...study.reports.flatMap((report) => report.objects),
  ];
  return objects
    .flatMap(({ deliveries }) => deliveries)
    .filter(({ state }) => state === 'WAITING' || state === 'SENDING').length;
}
