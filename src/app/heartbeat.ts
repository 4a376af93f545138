import { asNodeError } from '../core/errors.ts';
import type { ChildChannel } from './child-channel.ts';

export interface HeartbeatOptions {
  readonly channel: ChildChannel;
  /** One small durable write. */
  readonly write: () => void;
  /** C-ECHO to ourselves through the upper-layer guard. */
  readonly echo: () => Promise<boolean>;
  /** A write failed in a way after which the process must stop. */
  readonly failStop: (error: unknown) => void;
}

const intervalMs = 5000;

/** Tells the supervisor every five seconds that this process can write and answer; it is silent when it cannot. */
export function startHeartbeat(options: HeartbeatOptions): { stop(): void } {
  const beat = (): void => {
    if (canWrite(options)) options.channel.tell({ kind: 'healthy', check: 'database' });
    void options.echo().then(
      (answered) => {
        if (answered) options.channel.tell({ kind: 'healthy', check: 'echo' });
      },
      // Whatever went wrong, the sign that is missing says it.
      () => undefined,
    );
  };
  beat();
  const timer = setInterval(beat, intervalMs);
  return { stop: () => clearInterval(timer) };
}

function canWrite({ write, failStop }: HeartbeatOptions): boolean {
  try {
    write();
    return true;
  } catch (error) {
    const { code } = asNodeError(error);
    // A full disk is answered at once and no restart makes it larger.
    if (code === 'STORE_FULL') return true;
    if (code !== 'STORE_BUSY') failStop(error);
    return false;
  }
}
