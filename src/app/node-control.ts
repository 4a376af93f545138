import { withoutSecrets } from '../core/config/index.ts';
import type { ControlAnswer, NodeStatus } from './control-protocol.ts';
import type { ControlHandler } from './control-socket.ts';
import { processNames } from './process-messages.ts';
import { product } from './product.ts';
import type { RunningConfig } from './running-config.ts';
import type { Supervisor } from './supervisor.ts';

export interface ControlledNode {
  readonly supervisor: Supervisor;
  readonly running: RunningConfig;
  readonly configFolder: string;
  readonly startedAtMs: number;
}

/** How a running node answers on its control socket. */
export function controlHandler(node: ControlledNode): ControlHandler {
  const { supervisor, running } = node;
  return async (request): Promise<ControlAnswer> => {
    switch (request.verb) {
      case 'status':
        return { ok: true, value: statusOf(node) };
      case 'difference':
        return { ok: true, value: { schema: 1, ...running.difference() } };
      case 'configuration':
        return {
          ok: true,
          value: { schema: 1, configFolder: node.configFolder, loaded: withoutSecrets(running.order.loaded) },
        };
      case 'reload': {
        const outcome = await running.reload(request.operator);
        const waiting = outcome.kind === 'refused' ? running.waitingForRestart : outcome.waitingForRestart;
        const { kind, configSha256, text } = outcome;
        return {
          ok: true,
          value: { schema: 1, result: kind, configSha256, text, waitingForRestart: waiting },
        };
      }
      case 'wake':
        supervisor.wake();
        return { ok: true, value: { schema: 1 } };
      case 'recycle': {
        const name = processNames.find((one) => one === request.process);
        if (name === undefined) return { ok: false, refused: `there is no process "${request.process}"` };
        supervisor.recycle(name);
        return { ok: true, value: { schema: 1 } };
      }
    }
  };
}

function statusOf({ supervisor, running, configFolder, startedAtMs }: ControlledNode): NodeStatus {
  const { order, stale, waitingForRestart } = running;
  return {
    schema: 1,
    version: product.version,
    pid: process.pid,
    bootId: order.bootId,
    startedAtMs,
    configFolder,
    configSha256: order.loaded.sha256,
    waitingForRestart,
    staleConfig: stale ?? null,
    serving: supervisor.serving,
    processes: supervisor.processes(),
  };
}
