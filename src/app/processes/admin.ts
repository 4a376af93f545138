/** Entry of the admin process: console, metrics, alerts; looks on and tells. */
import { asNodeError } from '../../core/errors.ts';
import { hostClock } from '../../store/store.ts';
import { startConsole } from '../admin-console.ts';
import { alertChannels, sendTimeoutMs } from '../alert-channels.ts';
import { AlertDelivery } from '../alert-delivery.ts';
import { type AlertLoop, startAlertLoop } from '../alert-loop.ts';
import { alertReader } from '../alert-readings.ts';
import { AlertWatch } from '../alert-watch.ts';
import { AuditChainWatch } from '../audit-chain-watch.ts';
import { CertificateEnds } from '../certificate-ends.ts';
import { openChildChannel, receiveOrder } from '../child-channel.ts';
import type { ConsoleWatches } from '../console-ports.ts';
import { watchConfigFiles } from '../config-watch.ts';
import { DriftWatch } from '../drift-watch.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { freeSpaceOf } from '../free-space.ts';
import { readNode } from '../node-readings.ts';
import type { ProcessState } from '../process-messages.ts';
import { openRuntime, type Runtime } from '../runtime.ts';
import { SenderWatch } from '../sender-watch.ts';

try {
  const order = await receiveOrder();
  await administer(openRuntime(order, 'admin'), order.configFolder);
  process.exit(0);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`admin: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

function startAlerts(
  { config, store, log }: Runtime,
  { processes }: { readonly processes: () => readonly ProcessState[] },
  { readings, senders, drift }: ConsoleWatches,
): AlertLoop {
  const chain = new AuditChainWatch(store.audit);
  const certificates = new CertificateEnds(config);
  return startAlertLoop({
    watch: new AlertWatch({
      alerts: store.alerts,
      log,
      read: alertReader({ config, store, processes, senders, drift, chain, certificates }),
    }),
    delivery: new AlertDelivery({
      notices: store.alertNotices,
      channels: alertChannels(config),
      clock: hostClock,
      timeoutMs: sendTimeoutMs(config),
      onFailure: (channel, error) => log.event('NOTICE_FAILED', { action: channel }, error),
    }),
    chain,
    readings,
    heartbeat: config.alerts.heartbeat,
    log,
  });
}

async function administer(runtime: Runtime, configFolder: string): Promise<void> {
  const { config, store, log, folders } = runtime;
  let processes: readonly ProcessState[] = [];
  let alerts: AlertLoop | undefined = undefined;
  const drained = Promise.withResolvers<undefined>();
  const channel = openChildChannel({
    wake: () => undefined,
    drain: () => drained.resolve(undefined),
    reload: () => channel.tell({ kind: 'recycle', why: 'works by a new configuration' }),
    processes: (states) => {
      processes = states;
      if (states.some(({ state }) => state === 'given-up')) alerts?.hurry();
    },
  });
  const sources = {
    store,
    config,
    freeSpace: freeSpaceOf(folders.data, () => hostClock.monotonicMs()),
    configFiles: watchConfigFiles(configFolder, () => hostClock.monotonicMs()),
    processes: () => processes,
  };
  const watches = {
    readings: () => readNode(sources),
    senders: new SenderWatch(config, store),
    drift: new DriftWatch(store),
  };
  const web = config.console.enabled ? await startConsole(runtime, watches) : undefined;
  alerts = startAlerts(runtime, sources, watches);
  channel.tell({ kind: 'ready', ...(web === undefined ? {} : { port: web.port }) });
  await drained.promise;
  await web?.close();
  await alerts.stop();
  store.close();
  await log.close();
}
