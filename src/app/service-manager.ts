import { execFile } from 'node:child_process';

/** Tells systemd how this service is (sd_notify(3)). A manager that cannot be told never harms the node. */
export interface ServiceManager {
  /** Sends assignments such as `READY=1`. Resolves when they are delivered or given up. */
  notify(...assignments: readonly string[]): Promise<void>;
  /** How often `WATCHDOG=1` must come at the latest, ms; undefined when no watchdog is set. */
  readonly watchdogMs: number | undefined;
}

const deliveryMs = 10_000;

/**
 * The service manager named by `NOTIFY_SOCKET`, or undefined when there is none. Node has no datagram sockets in the
 * file system, so `systemd-notify` sends; the unit therefore says `NotifyAccess=all`. It is not called with
 * `--no-block`: it waits until the manager has read the message, because a message from a process that is already
 * gone cannot be assigned to its service and is dropped. Nothing here waits for it.
 */
export function serviceManager(
  environment: Readonly<Record<string, string | undefined>>,
  pid: number,
): ServiceManager | undefined {
  if ((environment['NOTIFY_SOCKET'] ?? '') === '') return undefined;
  const microseconds = Number(environment['WATCHDOG_USEC'] ?? '');
  const isForUs = (environment['WATCHDOG_PID'] ?? String(pid)) === String(pid);
  return {
    watchdogMs: microseconds > 0 && isForUs ? microseconds / 1000 : undefined,
    notify: (...assignments) =>
      new Promise((resolve) => {
        execFile('systemd-notify', [...assignments], { timeout: deliveryMs }, () => resolve());
      }),
  };
}
