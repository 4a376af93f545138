import { setTimeout as delay } from 'node:timers/promises';
import { readiness } from '../admin/readiness.ts';
import type { Readings } from '../admin/readings.ts';
import type { Log } from '../core/log.ts';
import type { AlertDelivery } from './alert-delivery.ts';
import type { AlertWatch } from './alert-watch.ts';
import type { AuditChainWatch } from './audit-chain-watch.ts';
import { mustStop } from './fail-stop.ts';
import { hostClock } from '../store/store.ts';

const intervalMs = 15_000;

export interface AlertLoopOptions {
  readonly watch: AlertWatch;
  readonly delivery: AlertDelivery;
  readonly chain: AuditChainWatch;
  readonly readings: () => Readings;
  readonly heartbeat: { readonly url: string; readonly interval: number } | undefined;
  readonly log: Log;
}

export interface AlertLoop {
  /** A change that should be told at once, such as a process that was given up. */
  hurry(): void;
  /** Tells what is due now, for a few seconds at most, and ends. */
  stop(): Promise<void>;
}

/** Looks every 15 s, tells people, and calls the watchdog elsewhere while the node is ready. Blocks nothing. */
export function startAlertLoop(options: AlertLoopOptions): AlertLoop {
  const stopping = new AbortController();
  let pause = new AbortController();
  let calledAtMs = Number.NEGATIVE_INFINITY;
  const finished = run();

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      await round(stopping.signal);
      pause = new AbortController();
      await delay(intervalMs, undefined, {
        signal: AbortSignal.any([stopping.signal, pause.signal]),
        ref: true,
      }).catch(() => undefined);
    }
  }

  async function round(signal: AbortSignal): Promise<void> {
    try {
      options.chain.step(hostClock.nowMs());
      options.watch.look();
      await options.delivery.round(signal);
      await callHeartbeat(signal);
    } catch (error) {
      if (mustStop(error)) throw error;
      options.log.event('ALERT_ROUND_FAILED', {}, error);
    }
  }

  async function callHeartbeat(signal: AbortSignal): Promise<void> {
    const { heartbeat } = options;
    const nowMs = hostClock.monotonicMs();
    if (heartbeat === undefined || nowMs - calledAtMs < heartbeat.interval) return;
    // Silence is the message: a watchdog that hears nothing knows that the node does not take images.
    if (!readiness(options.readings()).ready) return;
    calledAtMs = nowMs;
    try {
      const answer = await fetch(heartbeat.url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
      });
      await answer.body?.cancel();
    } catch (error) {
      options.log.event('NOTICE_FAILED', { action: 'heartbeat' }, error);
    }
  }

  return {
    hurry: () => pause.abort(),
    stop: async () => {
      stopping.abort();
      await finished;
      await round(AbortSignal.timeout(5000));
    },
  };
}
