import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { EventName } from '../core/events.ts';
import { kindOf } from './alerts/conditions.ts';
import type { DriftFinding } from './drift/drift.ts';
import type { Readings } from './readings.ts';

/** One row of the audit trail, from which the counters are made. */
export interface CountedEvent {
  readonly event: EventName;
  readonly atMs: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What an event does not carry itself and the histograms need. */
export interface MetricsLookups {
  analysis(instanceId: string):
    | {
        readonly probabilities: Readonly<Record<string, number>>;
        readonly timings: Readonly<Record<string, number>>;
      }
    | undefined;
  receivedAtMs(objectId: string): number | undefined;
}

export interface MetricsOptions {
  /** Label values that may appear; anything else is counted as `other`, so that nobody can make labels without end. */
  readonly senders: readonly string[];
  readonly destinations: readonly string[];
  readonly lookups: MetricsLookups;
}

const prefix = 'lumbar_node_';
const other = 'other';

/**
 * The one door to prom-client: what Prometheus sees (experience.md 2.7). Counters follow the audit trail; gauges are
 * set from the readings of the moment. No label holds a UID or anything about a patient, and every label has a
 * bounded set of values.
 */
export class NodeMetrics {
  readonly #registry = new Registry();
  readonly #options: MetricsOptions;
  readonly #counters: ReturnType<typeof counters>;
  readonly #gauges: ReturnType<typeof gauges>;

  constructor(options: MetricsOptions) {
    this.#options = options;
    this.#counters = counters(this.#registry);
    this.#gauges = gauges(this.#registry);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The names of all metrics, for tests of dashboards and alert rules. */
  names(): string[] {
    return this.#registry.getMetricsAsArray().map(({ name }) => name);
  }

  /** Counts one event; events that no counter is about are passed over. */
  count({ event, atMs, fields }: CountedEvent): void {
    const text = (name: string): string => (typeof fields[name] === 'string' ? fields[name] : '');
    const sender = (): string => known(text('callingAeTitle'), this.#options.senders);
    const peer = (): string => known(text('destination'), this.#options.destinations);
    const ended = (outcome: string): void =>
      this.#counters.instances.inc({ outcome, reason: text('reason') });
    const delivered = (result: string): void =>
      this.#counters.deliveries.inc({ peer: peer(), object: text('objectKind'), result });
    switch (event) {
      case 'INSTANCE_STORED':
        this.#counters.received.inc({ sender: sender() });
        break;
      case 'INSTANCE_DUPLICATE':
        this.#counters.duplicates.inc({ sender: sender() });
        break;
      case 'INSTANCE_REFUSED':
        this.#counters.objectsRefused.inc({ sender: sender() });
        break;
      case 'ASSOCIATION_OPENED':
        this.#counters.associations.inc({ sender: sender() });
        break;
      case 'ASSOCIATION_REJECTED':
        this.#counters.rejected.inc({ cause: text('cause') });
        break;
      case 'PROTOCOL_VIOLATION':
        this.#counters.rejected.inc({ cause: 'protocol' });
        break;
      case 'TLS_REFUSED':
        this.#counters.rejected.inc({ cause: 'tls' });
        break;
      case 'IMAGE_ANALYSED':
        ended(text('outcome'));
        this.#observeAnalysis(text('instanceId'));
        break;
      case 'IMAGE_SKIPPED':
      case 'IMAGE_HELD':
      case 'IMAGE_REFUSED':
      case 'IMAGE_FAILED':
      case 'IMAGE_QUARANTINED':
        ended(event.slice('IMAGE_'.length));
        break;
      case 'OBJECT_STORED':
        delivered('stored');
        this.#observeDelivery(text('objectId'), atMs, { peer: peer(), object: text('objectKind') });
        break;
      case 'OBJECT_WAITING':
        delivered('repeated');
        break;
      case 'OBJECT_PARKED':
        delivered('parked');
        break;
      case 'DELIVERY_CANCELLED':
        delivered('cancelled');
        break;
      case 'COMMITMENT_REPORTED':
        this.#counters.commitments.inc({ peer: peer(), result: 'committed' }, Number(fields['count'] ?? 0));
        this.#counters.commitments.inc(
          { peer: peer(), result: 'failed' },
          Number(fields['failedCount'] ?? 0),
        );
        break;
      case 'FEEDBACK_GIVEN':
        this.#counters.feedback.inc({ judgement: text('action') });
        break;
      case 'LOGIN_REFUSED':
        this.#counters.loginsRefused.inc();
        break;
      default:
        break;
    }
  }

  /** The exposition text with the gauges of this moment. */
  expose(readings: Readings, drift: readonly DriftFinding[] = []): Promise<string> {
    const gauge = this.#gauges;
    for (const one of Object.values(gauge)) one.reset();
    for (const { queue, depth, oldestAtMs } of readings.queues) {
      gauge.queueDepth.set({ queue }, depth);
      gauge.oldestAge.set(
        { queue },
        oldestAtMs === null ? 0 : Math.max(0, readings.nowMs - oldestAtMs) / 1000,
      );
    }
    for (const { sender, lastImageAtMs } of readings.senders)
      if (this.#options.senders.includes(sender)) gauge.lastImage.set({ sender }, lastImageAtMs / 1000);
    gauge.diskFree.set(readings.disk.freeBytes);
    gauge.diskWatermark.set(readings.disk.watermarkBytes);
    gauge.configValid.set(readings.configValid ? 1 : 0);
    gauge.build.set({ version: readings.version, node: process.version }, 1);
    const { model } = readings;
    if (model !== undefined)
      gauge.model.set({ model: model.id, hash: model.sha256.slice(0, 12), provider: model.provider }, 1);
    for (const { name, state, deaths, rssBytes, loopLagMs } of readings.processes) {
      gauge.processUp.set({ process: name }, state === 'serving' ? 1 : 0);
      gauge.processDeaths.set({ process: name }, deaths);
      gauge.processMemory.set({ process: name }, rssBytes);
      gauge.processLag.set({ process: name }, loopLagMs / 1000);
    }
    for (const { sender, measure, recent, usual, z } of drift) {
      if (!this.#options.senders.includes(sender)) continue;
      gauge.driftZ.set({ sender, measure }, z);
      gauge.mix.set({ sender, measure, window: 'recent' }, recent);
      gauge.mix.set({ sender, measure, window: 'usual' }, usual);
    }
    for (const { cause } of readings.activeAlerts) gauge.alerts.inc({ cause: kindOf(cause) });
    return this.#registry.metrics();
  }

  #observeAnalysis(instanceId: string): void {
    const analysis = this.#options.lookups.analysis(instanceId);
    if (analysis === undefined) return;
    const { inference } = analysis.timings;
    if (inference !== undefined) this.#counters.inference.observe(inference / 1000);
    for (const [id, probability] of Object.entries(analysis.probabilities))
      this.#counters.score.observe({ class: id }, probability);
  }

  #observeDelivery(objectId: string, atMs: number, labels: { peer: string; object: string }): void {
    const receivedAtMs = this.#options.lookups.receivedAtMs(objectId);
    if (receivedAtMs !== undefined)
      this.#counters.receiveToStored.observe(labels, Math.max(0, atMs - receivedAtMs) / 1000);
  }
}

/** A label value from the list, or `other`. */
function known(value: string, allowed: readonly string[]): string {
  return allowed.includes(value) ? value : other;
}

function counters(registry: Registry) {
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Counter<L>({ name: `${prefix}${name}`, help, labelNames, registers: [registry] });
  const histogram = <L extends string>(
    name: string,
    help: string,
    buckets: number[],
    labelNames: readonly L[] = [],
  ) => new Histogram<L>({ name: `${prefix}${name}`, help, buckets, labelNames, registers: [registry] });
  return {
    received: counter('instances_received_total', 'Images made durable and acknowledged.', ['sender']),
    duplicates: counter('instances_duplicate_total', 'Images that came again unchanged.', ['sender']),
    objectsRefused: counter('instances_refused_total', 'Objects refused at the door.', ['sender']),
    instances: counter('instances_total', 'Images by how they ended and the first reason.', [
      'outcome',
      'reason',
    ]),
    associations: counter('associations_total', 'Associations accepted.', ['sender']),
    rejected: counter('associations_rejected_total', 'Associations refused or broken by the peer.', [
      'cause',
    ]),
    deliveries: counter('delivery_total', 'Answers of destinations to result objects.', [
      'peer',
      'object',
      'result',
    ]),
    commitments: counter('commitment_total', 'Objects in storage commitment reports.', ['peer', 'result']),
    feedback: counter('feedback_total', 'Judgements given by readers.', ['judgement']),
    loginsRefused: counter('logins_refused_total', 'Refused logins to the console.'),
    inference: histogram(
      'inference_seconds',
      'Time of the model for one image.',
      [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ),
    receiveToStored: histogram(
      'receive_to_stored_seconds',
      'From the last byte of the image to the answer of the destination for its result.',
      [1, 2.5, 5, 10, 20, 30, 60, 120, 300, 900, 3600, 14_400, 86_400],
      ['peer', 'object'],
    ),
    score: histogram(
      'score',
      'Probability that the model gave a class.',
      [0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1],
      ['class'],
    ),
  };
}

function gauges(registry: Registry) {
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `${prefix}${name}`, help, labelNames, registers: [registry] });
  return {
    queueDepth: gauge('queue_depth', 'What waits in a queue.', ['queue']),
    oldestAge: gauge('oldest_item_age_seconds', 'Age of the oldest item of a queue; 0 when it is empty.', [
      'queue',
    ]),
    lastImage: gauge('last_image_timestamp_seconds', 'When the last image of a sender came.', ['sender']),
    diskFree: gauge('disk_free_bytes', 'Free space of the data folder.'),
    diskWatermark: gauge('disk_watermark_bytes', 'Free space below which new images are refused.'),
    configValid: gauge('config_valid', '1 when the configuration files on disk are valid.'),
    model: gauge('model_info', 'The model in use.', ['model', 'hash', 'provider']),
    build: gauge('build_info', 'This program.', ['version', 'node']),
    processUp: gauge('process_up', '1 while a process serves.', ['process']),
    processDeaths: gauge('process_deaths', 'Deaths of a process since the node started.', ['process']),
    processMemory: gauge('process_resident_bytes', 'Resident memory of a process.', ['process']),
    processLag: gauge('process_event_loop_lag_seconds', 'Longest stall of the last second.', ['process']),
    driftZ: gauge(
      'drift_z',
      'Distance of a sender from its own past in standard errors; 0 when there are too few images.',
      ['sender', 'measure'],
    ),
    mix: gauge('sender_mix', 'Share or mean value of a measure of a sender, recent and usual.', [
      'sender',
      'measure',
      'window',
    ]),
    alerts: gauge('alerts_active', 'Conditions that need a person now, by kind.', ['cause']),
  };
}
