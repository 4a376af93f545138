import type { Log } from '../core/log.ts';
import type { NodeError } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import type { SelfTest } from '../pipeline/inference.ts';
import type { ChildChannel } from './child-channel.ts';
import type { SelfTestSchedule } from './self-test-schedule.ts';
import type { WorkStep } from './worker-loop.ts';

export interface SelfTestStepOptions {
  readonly schedule: SelfTestSchedule;
  readonly run: () => Promise<Result<SelfTest, NodeError>>;
  readonly channel: ChildChannel;
  readonly timeoutMs: number;
  readonly log: Log;
  readonly provider: string;
}

/**
 * Runs the golden images when they are due; no image is claimed meanwhile. A model that fails ends this process: the
 * next one tries the providers anew and analyses nothing before one of them is right.
 */
export function selfTestStep(options: SelfTestStepOptions): WorkStep {
  const { schedule, channel, log, provider } = options;
  let isRunning = false;
  return async () => {
    if (!schedule.isDue || isRunning) return false;
    isRunning = true;
    channel.tell({ kind: 'busy', timeoutMs: options.timeoutMs });
    try {
      const result = await options.run();
      if (!result.ok) {
        log.event('PROVIDER_FAILED', { provider, detail: result.error.message });
        throw result.error;
      }
      schedule.passed();
      return true;
    } finally {
      isRunning = false;
      channel.tell({ kind: 'idle' });
    }
  };
}
