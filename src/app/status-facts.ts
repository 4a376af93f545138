import { statfsSync } from 'node:fs';
import type { StatusFacts } from '../admin/status/status-report.ts';
import { hostClock } from '../store/store.ts';
import type { Books } from './books.ts';
import { nodeRunsOn } from './instance-lock.ts';
import { product } from './product.ts';

const dayMs = 86_400_000;

/** Reads the status screen's facts from the books, the kernel and the file system; works when the node is down. */
export async function statusFacts({
  config,
  loaded,
  filesFaulty,
  folders,
  store,
  time,
}: Books): Promise<StatusFacts> {
  const nowMs = hostClock.nowMs();
  const studies = store.monitor.studies();
  const depth = store.jobs.depth();
  const { fromMs, toMs } = time.day(nowMs);
  const today = store.dayReport(fromMs, toMs);
  const service = store.serviceLevel.facts();
  const { bavail, bsize } = statfsSync(folders.data);
  return {
    nowMs,
    aeTitle: config.aeTitle,
    version: product.version,
    isRunning: await nodeRunsOn(folders.data),
    startedAtMs: service.startedAtMs,
    alerts: store.alerts.active(),
    senders: sendersOf(config.senders, store.arrivals.senders(nowMs)),
    queue: {
      ...depth,
      openStudies: studies.open,
      failedStudies: studies.failed,
      held: store.monitor.held().count,
    },
    destinations: destinationsOf(config.pacs, store.outbox.standing(nowMs - dayMs)),
    latency: store.serviceLevel.latencies(nowMs - dayMs),
    today,
    disk: { freeBytes: bavail * bsize, watermarkBytes: config.storage.watermark, folder: folders.data },
    model: service.model,
    configuration: {
      readAtMs: service.configuration?.atMs,
      runningSha256: service.configuration?.sha256,
      filesSha256: loaded.sha256,
      // Files with faults that nobody has asked the node to take over are told just the same.
      refusedAtMs: service.refusedAtMs ?? (filesFaulty ? nowMs : undefined),
    },
  };
}

/** Every configured sender, whether it has sent or not, then those that sent once and are not configured any more. */
function sendersOf(
  configured: Books['config']['senders'],
  seen: ReturnType<Books['store']['arrivals']['senders']>,
): StatusFacts['senders'] {
  const arrivals = new Map(seen.map((sender) => [sender.callingAeTitle, sender]));
  const known = configured.map(({ aeTitle, name }) => ({
    aeTitle,
    name,
    lastImageAtMs: arrivals.get(aeTitle)?.lastImageAtMs,
    images24h: arrivals.get(aeTitle)?.images24h ?? 0,
  }));
  const names = new Set<string>(configured.map(({ aeTitle }) => aeTitle));
  const others = seen
    .filter(({ callingAeTitle }) => !names.has(callingAeTitle))
    .map(({ callingAeTitle, lastImageAtMs, images24h }) => ({
      aeTitle: callingAeTitle,
      name: '(not in senders.yaml)',
      lastImageAtMs,
      images24h,
    }));
  return [...known, ...others];
}

function destinationsOf(
  configured: Books['config']['pacs'],
  standing: ReturnType<Books['store']['outbox']['standing']>,
): StatusFacts['destinations'] {
  const byName = new Map(standing.map((one) => [one.destination, one]));
  const empty = { waiting: 0, parked: 0, oldestWaitingAtMs: null, stored: 0, lastError: null };
  const configuredNames = new Set(configured.map(({ name }) => name));
  const gone = standing.filter(
    ({ destination, waiting, parked }) => !configuredNames.has(destination) && waiting + parked > 0,
  );
  return [
    ...configured.map(({ name, deliver }) => ({ name, deliver, ...(byName.get(name) ?? empty) })),
    ...gone.map((one) => ({
      name: one.destination,
      deliver: 'off' as const,
      ...one,
    })),
  ].map(({ name, deliver, waiting, parked, oldestWaitingAtMs, stored, lastError }) => ({
    name,
    deliver,
    waiting,
    parked,
    oldestWaitingAtMs: oldestWaitingAtMs ?? undefined,
    stored24h: stored,
    lastError: lastError ?? undefined,
  }));
}
