import { newUlid } from '../core/identifiers.ts';
import { hostClock } from '../store/store.ts';
import { alertChannels, sendTimeoutMs } from './alert-channels.ts';
import { readConfig } from './runtime.ts';

export interface AlertTestAnswer {
  readonly outcome: 'taken' | 'failed' | 'nobody';
  readonly lines: readonly string[];
}

/** Sends a message that is marked as a test to every configured receiver, without the running node. */
export async function testAlerts(configFolder: string): Promise<AlertTestAnswer> {
  const { config } = readConfig(configFolder);
  const channels = alertChannels(config);
  if (channels.length === 0)
    return {
      outcome: 'nobody',
      lines: ['Nobody is configured to be told: set alerts.webhook or alerts.mail in alerts.yaml.'],
    };
  const nowMs = hostClock.nowMs();
  const lines: string[] = [];
  let failures = 0;
  for (const channel of channels) {
    try {
      await channel.send(
        {
          id: `${newUlid(nowMs)}.test`,
          kind: 'test',
          cause: 'test',
          summary: 'This is a test of the alerts of lumbar-node. Nothing is wrong.',
          advice: 'Nothing needs to be done.',
          startedAtMs: nowMs,
        },
        AbortSignal.timeout(sendTimeoutMs(config)),
      );
      lines.push(`${channel.name}: taken.`);
    } catch (error) {
      failures += 1;
      lines.push(`${channel.name}: FAILED: ${error instanceof Error ? reasonOf(error) : String(error)}`);
    }
  }
  return { outcome: failures === 0 ? 'taken' : 'failed', lines };
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: Error): string {
  return error.cause instanceof Error ? `${error.message} (${error.cause.message})` : error.message;
}
