import { alertAdvice } from '../admin/alerts/alert-advice.ts';
import type { AlertChannel, AlertMessage } from '../admin/alerts/message.ts';
import { duration } from '../admin/text-layout.ts';
import type { Clock } from '../core/clock.ts';
import type { AlertNotice, AlertNotices } from '../store/alert-notices.ts';

const batch = 20;
const firstDelayMs = 30_000;
const longestDelayMs = 30 * 60_000;
/** After a day of trying nobody waits for the message any more; the console and the log still have it. */
const giveUpAfterMs = 86_400_000;

export interface AlertDeliveryOptions {
  readonly notices: AlertNotices;
  readonly channels: readonly AlertChannel[];
  readonly clock: Clock;
  readonly timeoutMs: number;
  /** A receiver did not take a message; it is tried again. */
  readonly onFailure: (channel: string, error: unknown) => void;
}

/** Tells people what they are owed, one channel after the other, each message until it is taken. Never throws for a receiver. */
export class AlertDelivery {
  readonly #options: AlertDeliveryOptions;

  constructor(options: AlertDeliveryOptions) {
    this.#options = options;
  }

  /** One round: owes what is new and sends what is due. */
  async round(signal: AbortSignal): Promise<void> {
    const { notices, channels, clock } = this.#options;
    const names = channels.map(({ name }) => name);
    notices.owe(names, clock.nowMs());
    for (const notice of notices.due(names, clock.nowMs(), batch)) {
      const channel = channels.find(({ name }) => name === notice.channel);
      if (channel === undefined || signal.aborted) continue;
      await this.#send(channel, notice, signal);
    }
  }

  async #send(channel: AlertChannel, notice: AlertNotice, signal: AbortSignal): Promise<void> {
    const { notices, clock, timeoutMs, onFailure } = this.#options;
    try {
      await channel.send(messageOf(notice), AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
      notices.sent(notice, clock.nowMs());
    } catch (error) {
      const nowMs = clock.nowMs();
      const text = error instanceof Error ? error.message : String(error);
      onFailure(channel.name, error);
      const { startedAtMs, recoveredAtMs } = notice.alert;
      const owedSinceMs = notice.phase === 'started' ? startedAtMs : (recoveredAtMs ?? startedAtMs);
      if (nowMs - owedSinceMs > giveUpAfterMs && notice.attempts > 0) notices.giveUp(notice, text, nowMs);
      else notices.failed(notice, text, nowMs + delayMs(notice.attempts), nowMs);
    }
  }
}

/** 30 s, 1 min, 2 min, ... at most half an hour. */
function delayMs(attempts: number): number {
  return Math.min(longestDelayMs, firstDelayMs * 2 ** Math.min(attempts, 10));
}

function messageOf({ alert, phase }: AlertNotice): AlertMessage {
  const { alertId, cause, detail, startedAtMs, recoveredAtMs } = alert;
  const id = `${alertId}.${phase}`;
  if (phase === 'started')
    return { id, kind: 'started', cause, summary: detail, advice: alertAdvice(cause), startedAtMs };
  const overAtMs = recoveredAtMs ?? startedAtMs;
  return {
    id,
    kind: 'recovered',
    cause,
    summary: `Over after ${duration(overAtMs - startedAtMs)}: ${detail}`,
    advice: '',
    startedAtMs,
    recoveredAtMs: overAtMs,
  };
}
