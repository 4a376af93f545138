/**
 * Entry of the listener process: sockets and spool, nothing that parses pixels. Argument: descriptor of an already
 * listening socket.
 */
import { asNodeError } from '../../core/errors.ts';
import type { EventFields, EventName } from '../../core/events.ts';
import { newUlid } from '../../core/identifiers.ts';
import { startListener } from '../../scp/listener.ts';
import { SelfEcho } from '../../scp/self-echo.ts';
import { commitmentReported } from '../../scu/storage-commitment.ts';
import { sweepSpool } from '../../store/spool-sweep.ts';
import { hostClock } from '../../store/store.ts';
import { Ballast } from '../ballast.ts';
import { openChildChannel, receiveOrder } from '../child-channel.ts';
import { DeferredBooks } from '../deferred-books.ts';
import { deliveryEvents } from '../delivery-events.ts';
import { diskAlertCause, startDiskWatch } from '../disk-watch.ts';
import { DoorBook } from '../door-book.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { freeSpaceOf } from '../free-space.ts';
import { startHeartbeat } from '../heartbeat.ts';
import { listenerOptions } from '../listener-options.ts';
import type { StartOrder } from '../process-messages.ts';
import { product } from '../product.ts';
import { holdPart } from '../process-lock.ts';
import { openRuntime, type Runtime } from '../runtime.ts';
import { InboxThread } from '../inbox-thread.ts';
import { inheritedDescriptor } from '../socket-activation.ts';
import { takeUpSpool } from '../spool-recovery.ts';

const drainGraceMs = 30_000;
/** The run of the service that was last written down as started. */
const bootSetting = 'node.bootId';

try {
  const [descriptor] = process.argv.slice(2);
  const order = await receiveOrder();
  await listen(openRuntime(order, 'listener'), { bootId: order.bootId, descriptor });
  process.exit(0);
} catch (error) {
  stop(error);
}

function stop(error: unknown): never {
  const fault = asNodeError(error);
  process.stderr.write(`listener: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

async function listen(
  runtime: Runtime,
  { bootId, descriptor }: { readonly bootId: string; readonly descriptor: string | undefined },
): Promise<void> {
  const { config, loaded, store, log, folders } = runtime;
  await holdPart(folders.data, 'listener');
  // Associations of an earlier listener ended with it, whatever their rows say.
  const runId = newUlid(hostClock.nowMs());
  store.inbox.closeAssociationsOfOtherBoots(runId);
  await takeUpSpool(store, folders.spool);
  sweepSpool(store.db, store.audit, folders.spool);

  const drained = Promise.withResolvers<undefined>();
  const channel = openChildChannel({
    wake: () => undefined,
    drain: () => drained.resolve(undefined),
    reload: (order) => reload(order),
    record: ({ name, fields }) => record(name, fields as EventFields<typeof name>),
  });
  const books = new DeferredBooks({ store, log, failStop: stop });
  const freeSpace = freeSpaceOf(folders.spool, () => hostClock.monotonicMs());
  let limits = config.storage;
  const diskWatch = startDiskWatch({
    freeBytes: () => freeSpace.bytes(),
    limits: () => limits,
    ballast: new Ballast(folders.data, config.storage.ballast),
    log,
    books,
    wasLow: store.alerts.active().some(({ cause }) => cause === diskAlertCause),
    failStop: stop,
  });
  const doorBook = new DoorBook({
    clock: hostClock,
    write: (name, fields) => {
      log.event(name, fields);
      books.enter(({ audit }) => audit.append(name, fields));
    },
  });
  const doorBookTimer = setInterval(() => doorBook.tick(), 10_000);
  const events = deliveryEvents(runtime);
  const inbox = new InboxThread({
    databasePath: folders.database,
    atna: config.audit.syslog === undefined ? 'off' : 'queue',
    runId,
    written: () => channel.tell({ kind: 'wake', target: 'worker' }),
    failStop: stop,
  });
  const options = { ...listenerOptions(config, folders.spool), ...inheritedDescriptor(descriptor) };
  const listener = await startListener(options, {
    inbox,
    events: doorBook,
    freeSpace,
    commitments: {
      report: async (report) => {
        const status = await commitmentReported(report, { commitments: store.commitments, events });
        channel.tell({ kind: 'wake', target: 'sender' });
        return status;
      },
    },
    failStop: stop,
  });

  function record<N extends EventName>(name: N, fields: EventFields<N>): void {
    log.event(name, fields);
    books.enter(({ audit }) => audit.append(name, fields));
  }

  function reload(order: StartOrder): void {
    try {
      const changed = listener.reload(listenerOptions(order.loaded.config, folders.spool));
      if (!changed.ok) throw changed.error;
      limits = order.loaded.config.storage;
      channel.tell({ kind: 'reloaded' });
    } catch (error) {
      channel.tell({ kind: 'reloaded', refused: asNodeError(error).message });
    }
  }

  const echo = await SelfEcho.open();
  const heartbeat = startHeartbeat({
    channel,
    write: () => store.settings.set('listener.heartbeat', String(hostClock.nowMs())),
    echo: () => echo.ask(),
    failStop: stop,
  });
  // A listener that only replaces a dead one is no start of the node.
  if (store.settings.get(bootSetting) !== bootId) {
    const start = { version: product.version, bootId, configSha256: loaded.sha256 };
    log.event('NODE_STARTED', start);
    books.enter(({ audit }) => audit.append('NODE_STARTED', start));
    store.settings.set(bootSetting, bootId);
  }
  channel.tell({ kind: 'ready', port: listener.port });
  await drained.promise;
  await listener.close(drainGraceMs);
  await inbox.close();
  heartbeat.stop();
  diskWatch.stop();
  echo.close();
  clearInterval(doorBookTimer);
  doorBook.flush();
  books.close();
  store.db.checkpoint();
  store.close();
  await log.close();
}
