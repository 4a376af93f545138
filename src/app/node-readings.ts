import type { ModelReading, QueueReading, Readings } from '../admin/readings.ts';
import type { NodeConfig } from '../core/config/index.ts';
import type { Store } from '../store/store.ts';
import { hostClock } from '../store/store.ts';
import type { ProcessState } from './process-messages.ts';
import { product } from './product.ts';

export interface ReadingsSources {
  readonly store: Pick<Store, 'monitor' | 'jobs' | 'alerts'>;
  readonly config: NodeConfig;
  readonly freeSpace: { bytes(): number };
  readonly configFiles: { valid(): boolean };
  readonly processes: () => readonly ProcessState[];
}

/** How the node stands now, read from the database by index look-ups alone. */
export function readNode(sources: ReadingsSources): Readings {
  const { store, config } = sources;
  const model = loadedModel(store);
  return {
    nowMs: hostClock.nowMs(),
    version: product.version,
    queues: queues(store, config),
    senders: store.monitor
      .senders()
      .map(({ callingAeTitle, lastImageAtMs }) => ({ sender: callingAeTitle, lastImageAtMs })),
    disk: { freeBytes: sources.freeSpace.bytes(), watermarkBytes: config.storage.watermark },
    configValid: sources.configFiles.valid(),
    processes: sources.processes(),
    activeAlerts: store.alerts.active(),
    ...(model === undefined ? {} : { model }),
  };
}

function queues(store: ReadingsSources['store'], config: NodeConfig): QueueReading[] {
  const jobs = store.jobs.depth();
  const held = store.monitor.held();
  const studies = store.monitor.studies();
  return [
    { queue: 'analysis', depth: jobs.queued + jobs.waiting + jobs.running, oldestAtMs: jobs.oldestAtMs },
    { queue: 'report', depth: studies.open, oldestAtMs: studies.oldestAtMs },
    { queue: 'held', depth: held.count, oldestAtMs: held.oldestAtMs },
    { queue: 'quarantined', depth: jobs.quarantined, oldestAtMs: null },
    ...config.pacs.flatMap(({ name }) => {
      const { waiting, oldestWaitingAtMs, parked } = store.monitor.destination(name);
      return [
        { queue: `delivery:${name}`, depth: waiting, oldestAtMs: oldestWaitingAtMs },
        { queue: `parked:${name}`, depth: parked, oldestAtMs: null },
      ];
    }),
  ];
}

function loadedModel(store: ReadingsSources['store']): ModelReading | undefined {
  const fields = store.monitor.newest('MODEL_LOADED')?.fields;
  if (fields === undefined) return undefined;
  return {
    id: String(fields['modelId']),
    sha256: String(fields['modelSha256']),
    provider: String(fields['provider']),
  };
}
