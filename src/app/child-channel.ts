import { flushCompileCache } from 'node:module';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { NodeError } from '../core/errors.ts';
import type {
  ChildMessage,
  DrainReason,
  EventRecord,
  ProcessState,
  StartOrder,
  SupervisorMessage,
} from './process-messages.ts';
import { exitCodes } from './restart-policy.ts';

/** A child's end of the channel to the supervisor; without a supervisor (tests) messages go nowhere. */
export interface ChildChannel {
  tell(message: ChildMessage): void;
}

export interface ChildHandlers {
  wake(): void;
  drain(why: DrainReason): void;
  reload(order: StartOrder): void;
  /** Only the listener writes down what the supervisor reports. */
  record?(event: EventRecord): void;
  /** What the supervisor says about every process; only `admin` is told. */
  processes?(states: readonly ProcessState[]): void;
}

/** The supervisor's first message. What it says later waits in the channel until `openChildChannel` listens. */
export function receiveOrder(): Promise<StartOrder> {
  return new Promise((resolve, reject) => {
    const hear = (message: SupervisorMessage): void => {
      process.off('message', hear);
      process.off('disconnect', orphaned);
      if (message.kind === 'start') resolve(message.order);
      else reject(new NodeError('BUG_INVARIANT', `the first message was "${message.kind}", not "start"`));
    };
    const orphaned = (): void => reject(new NodeError('BUG_INVARIANT', 'started without a supervisor'));
    process.on('message', hear);
    process.once('disconnect', orphaned);
    if (!process.connected) orphaned();
  });
}

/** Connects this process to its supervisor and reports once a second that its event loop turns. */
export function openChildChannel(handlers: ChildHandlers): ChildChannel {
  const tell = (message: ChildMessage): void => {
    // A supervisor that died breaks the pipe before `disconnect` is heard; the message is lost, the work is not.
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
    // What was compiled to get here: the next start has it, however this process ends.
    if (message.kind === 'ready') flushCompileCache();
  };
  process.on('message', (message: SupervisorMessage) => {
    switch (message.kind) {
      case 'start':
        // Heard by `receiveOrder`; a second one would be the supervisor's mistake and changes nothing here.
        break;
      case 'wake':
        handlers.wake();
        break;
      case 'drain':
        handlers.drain(message.why);
        break;
      case 'reload':
        handlers.reload(message.order);
        break;
      case 'record':
        handlers.record?.(message.event);
        break;
      case 'processes':
        handlers.processes?.(message.processes);
        break;
    }
  });
  // An orphan ends at once, as a killed one would: a new start waits for it, and nothing unanswered was promised.
  process.on('disconnect', () => process.exit(exitCodes.failed));
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  setInterval(() => {
    tell({ kind: 'alive', loopLagMs: delay.max / 1e6, rssBytes: process.memoryUsage.rss() });
    delay.reset();
  }, 1000).unref();
  // The supervisor decides when to stop: a terminal's Ctrl-C reaches the whole group.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  return { tell };
}
