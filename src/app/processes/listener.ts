/**
 * Entry of the listener process: sockets and spool, nothing that parses pixels. Arguments: configuration folder, boot
 * id, descriptor of an already listening socket.
 */
import { asNodeError } from '../../core/errors.ts';
import { newUlid } from '../../core/identifiers.ts';
import { startListener } from '../../scp/listener.ts';
import { SelfEcho } from '../../scp/self-echo.ts';
import { commitmentReported } from '../../scu/storage-commitment.ts';
import { sweepSpool } from '../../store/spool-sweep.ts';
import { hostClock } from '../../store/store.ts';
import { openChildChannel } from '../child-channel.ts';
import { deliveryEvents } from '../delivery-events.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { freeSpaceOf } from '../free-space.ts';
import { startHeartbeat } from '../heartbeat.ts';
import { listenerOptions } from '../listener-options.ts';
import { openRuntime, type Runtime, readConfig } from '../runtime.ts';
import { inheritedDescriptor } from '../socket-activation.ts';

const drainGraceMs = 30_000;

try {
  const [configFolder = 'config', , descriptor] = process.argv.slice(2);
  await listen(openRuntime(configFolder, 'listener'), configFolder, descriptor);
  process.exit(0);
} catch (error) {
  stop(error);
}

function stop(error: unknown): never {
  const fault = asNodeError(error);
  process.stderr.write(`listener: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

async function listen(runtime: Runtime, configFolder: string, descriptor: string | undefined): Promise<void> {
  const { config, store, log, folders } = runtime;
  // Associations of an earlier listener ended with it, whatever their rows say.
  const runId = newUlid(hostClock.nowMs());
  store.inbox.closeAssociationsOfOtherBoots(runId);
  sweepSpool(store.db, store.audit, folders.spool);

  const drained = Promise.withResolvers<undefined>();
  const channel = openChildChannel({
    wake: () => undefined,
    drain: () => drained.resolve(undefined),
    reload: () => reload(),
  });
  const events = deliveryEvents(runtime);
  const options = { ...listenerOptions(config, folders.spool), ...inheritedDescriptor(descriptor) };
  const listener = await startListener(options, {
    inbox: {
      associationOpened: (association) => settled(() => store.inbox.associationOpened(association, runId)),
      admit: (instance) =>
        settled(() => {
          const admission = store.inbox.admit(instance);
          channel.tell({ kind: 'wake', target: 'worker' });
          return admission;
        }),
      associationClosed: (associationId, ending) =>
        settled(() => {
          store.inbox.associationClosed(associationId, ending);
          channel.tell({ kind: 'wake', target: 'worker' });
        }),
    },
    events: {
      record: (name, fields) => {
        log.event(name, fields);
        store.audit.append(name, fields);
      },
    },
    freeSpace: freeSpaceOf(folders.spool, () => hostClock.monotonicMs()),
    commitments: {
      report: async (report) => {
        const status = await commitmentReported(report, { commitments: store.commitments, events });
        channel.tell({ kind: 'wake', target: 'sender' });
        return status;
      },
    },
    failStop: stop,
  });

  function reload(): void {
    try {
      const { policy, tls } = listenerOptions(readConfig(configFolder).config, folders.spool);
      const changed = listener.reload(tls === undefined ? { policy } : { policy, tls });
      if (!changed.ok) throw changed.error;
    } catch (error) {
      // The old configuration stays in force; the supervisor has told the operator why.
      log.event('CONFIG_REFUSED', { detail: asNodeError(error).message });
    }
  }

  const echo = await SelfEcho.open();
  const heartbeat = startHeartbeat({
    channel,
    write: () => store.settings.set('listener.heartbeat', String(hostClock.nowMs())),
    echo: () => echo.ask(),
    failStop: stop,
  });
  channel.tell({ kind: 'ready', port: listener.port });
  await drained.promise;
  await listener.close(drainGraceMs);
  heartbeat.stop();
  echo.close();
  store.db.checkpoint();
  store.close();
  await log.close();
}

/** The store answers at once; the port speaks of promises, so that another store may take its time. */
function settled<T>(work: () => T): Promise<T> {
  return Promise.resolve().then(work);
}
