import type { ConsolePorts, ImageFile, UnfinishedRow } from '../admin/console/ports.ts';
import { explainStudy } from '../admin/explain/explain-study.ts';
import { neverSeen } from '../admin/explain/never-seen.ts';
import type { Readings } from '../admin/readings.ts';
import { siteTime } from '../admin/site-time.ts';
import type { QueueItem } from '../store/operator-queue.ts';
import { hostClock } from '../store/store.ts';
import { capturePicture, sourcePicture } from './console-pictures.ts';
import type { DriftWatch } from './drift-watch.ts';
import { explainContext } from './explain-context.ts';
import { findTarget } from './explain-target.ts';
import { modelLabel, packageEvaluation } from './model-label.ts';
import { product } from './product.ts';
import type { Runtime } from './runtime.ts';
import type { SenderWatch } from './sender-watch.ts';
import { statusFacts } from './status-facts.ts';

const consoleOperator = 'console';
const dayMs = 86_400_000;

/** What the admin process watches all the time and the console shows. */
export interface ConsoleWatches {
  readonly readings: () => Readings;
  readonly senders: SenderWatch;
  readonly drift: DriftWatch;
}

/** Joins the console to the store. Names who decided as `name (console)`, because all share one login. */
export function consolePorts(
  runtime: Runtime,
  watches: ConsoleWatches,
  metrics: ConsolePorts['metrics'],
): ConsolePorts {
  const { config, loaded, store, folders } = runtime;
  const time = siteTime(config.timeZone);
  const books = { config, loaded, folders, store, time };
  const pictures = { store, spoolFolder: folders.spool };
  const nowMs = (): number => hostClock.nowMs();
  return {
    time,
    site: {
      aeTitle: config.aeTitle,
      version: product.version,
      destinations: config.pacs.map(({ name }) => name),
      researchNotice: researchNotice(modelLabel(runtime)),
    },
    nowMs,
    readings: watches.readings,
    metrics,
    status: () => statusFacts({ ...books, filesFaulty: !watches.readings().configValid }),
    alerts: (limit) => store.alerts.history(limit),
    senders: () => store.monitor.senders().map(({ callingAeTitle }) => callingAeTitle),
    senderRows: () =>
      watches.senders.standings().map(({ aeTitle, name, lastImageAtMs, usualHours, silentUsualMs }) => ({
        aeTitle,
        name,
        lastImageAtMs,
        usualHours: usualHours === '' ? 'not enough history yet' : usualHours,
        silence:
          usualHours === ''
            ? 'not known yet'
            : silentUsualMs >= config.alerts.after.senderSilent
              ? 'too long'
              : 'usual',
      })),
    drift: () => watches.drift.findings(),
    images: (query) => store.imageList.page(query),
    find: (what) => {
      const { studies, sopInstanceUid, asked, trail } = findTarget(what, store);
      if (studies.length > 0)
        return {
          explanations: studies.map((study) => explainStudy(study, explainContext(loaded, time, nowMs()))),
          ...(sopInstanceUid === undefined ? {} : { sopInstanceUid }),
        };
      return neverSeen(
        {
          asked,
          booksSinceMs: store.arrivals.booksSinceMs(),
          senders: store.monitor.senders(),
          pendingImages: store.jobs.depth().queued,
          turnedAway: store.arrivals.turnedAway(nowMs() - dayMs, 5),
          trail: trail === undefined ? [] : store.auditQuery.query({ ...trail, limit: 5 }).rows,
        },
        time,
        nowMs(),
      );
    },
    image: (instanceId) => imageFile(runtime, instanceId),
    picture: (instanceId, what) =>
      what === 'capture' ? capturePicture(pictures, instanceId) : sourcePicture(pictures, instanceId),
    held: (after, limit) => ({
      ...store.imageList.page(
        { disposition: 'held', limit, ...(after === undefined ? {} : { after }) },
        'oldest-first',
      ),
      total: store.monitor.held().count,
    }),
    unfinished: (limit) => {
      const items = store.operatorQueue.items();
      return { rows: items.slice(0, limit).map(unfinishedRow), total: items.length };
    },
    model: () => modelLabel(runtime),
    evaluationReport: () => packageEvaluation(runtime),
    audit: (query) => {
      const found = store.auditQuery.query(query);
      store.audit.append('AUDIT_READ', {
        operator: consoleOperator,
        action: 'search in the console',
        count: found.rows.length,
      });
      return found;
    },
    release: (instanceId, { operator, why }) =>
      store.holds.release(instanceId, `${operator} (${consoleOperator})`, why),
    dismiss: (instanceId, { operator, why }) =>
      store.holds.dismiss(instanceId, `${operator} (${consoleOperator})`, why),
    giveFeedback: (feedback) =>
      store.feedback.give({ ...feedback, operator: `${feedback.operator} (${consoleOperator})` }),
  };
}

/** What stands above every page while the model is not cleared for clinical use. */
function researchNotice(label: ReturnType<typeof modelLabel>): string {
  const base = 'Research use only. Not a diagnosis.';
  return label?.trainingKind === 'simulated'
    ? `${base} The model was trained on simulated images: its answers about patients mean nothing.`
    : base;
}

function imageFile(runtime: Runtime, instanceId: string): ImageFile | undefined {
  const { store } = runtime;
  const instance = store.inbox.instance(instanceId);
  if (instance === undefined) return undefined;
  const image = store.studies
    .images(instance.studyInstanceUid)
    .find((one) => one.instance.instanceId === instanceId);
  return {
    instanceId,
    sopInstanceUid: instance.sopInstanceUid,
    disposition: instance.disposition,
    hasCapture: image?.objects.some(({ kind }) => kind === 'SC') ?? false,
    hasSource: instance.spoolState === 'present',
    isAnalysed: instance.disposition === 'analysed',
    classes: modelLabel(runtime)?.classes ?? [],
    feedback: store.feedback.of(instanceId),
  };
}

function unfinishedRow(item: QueueItem): UnfinishedRow {
  return {
    what: item.kind === 'delivery' ? item.objectKind : item.kind,
    state: item.state,
    destination: item.kind === 'delivery' ? item.destination : null,
    sinceMs: item.sinceMs,
    attempts: item.attempts,
    nextAtMs: item.nextAtMs,
    detail: item.detail ?? item.reason,
    studyInstanceUid: item.studyInstanceUid,
    instanceId: item.kind === 'image' ? item.instanceId : null,
  };
}
