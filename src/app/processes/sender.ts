/** Entry of the sender process: the outbox to its destinations. */
import { randomUUID } from 'node:crypto';
import type { DestinationConfig } from '../../core/config/index.ts';
import { asNodeError } from '../../core/errors.ts';
import { uuidV5Uid } from '../../dicom/uid.ts';
import { abortableSleep } from '../../scu/abortable-sleep.ts';
import { DeliveryWorker } from '../../scu/delivery.ts';
import { fileBytes } from '../../scu/part10-data-set.ts';
import { CommitmentRequester } from '../../scu/storage-commitment.ts';
import { hostClock } from '../../store/store.ts';
import { sendAuditMessages } from '../audit-repository.ts';
import { databaseWork } from '../backup/database-work.ts';
import { readThroughOnce } from '../backup/read-through.ts';
import { openChildChannel, receiveOrder } from '../child-channel.ts';
import { isReadBehind } from '../database-trust.ts';
import { deliveryEvents } from '../delivery-events.ts';
import { commitmentSettings, deliverySettings } from '../destination-settings.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { scheduleHousekeeping } from '../housekeeping.ts';
import type { DrainReason, StartOrder } from '../process-messages.ts';
import { offerWhenMemoryRunsOut } from '../out-of-memory.ts';
import { holdPart } from '../process-lock.ts';
import { watchNotices } from '../operator-notice.ts';
import { reportReencoder } from '../report-reencoder.ts';
import { openRuntime, type Runtime } from '../runtime.ts';

const commitmentPollMs = 15_000;
const hardStopMs = 20_000;

try {
  offerWhenMemoryRunsOut(300);
  const order = await receiveOrder();
  await send(openRuntime(order, 'sender'), order);
  process.exit(0);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`sender: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

async function send(runtime: Runtime, order: StartOrder): Promise<void> {
  const { config, store, folders, log } = runtime;
  const { bootId } = order;
  await holdPart(folders.data, 'sender');
  store.outbox.recoverAll();
  const stopping = new AbortController();
  let drainReason: DrainReason | undefined;
  const workers: DeliveryWorker[] = [];
  let wakeCommitments = new AbortController();
  const channel = openChildChannel({
    wake: () => {
      for (const worker of workers) worker.wake();
      wakeCommitments.abort();
    },
    drain: (why) => {
      drainReason = why;
      stopping.abort();
      wakeCommitments.abort();
      for (const worker of workers) worker.stop();
      setTimeout(() => {
        for (const worker of workers) worker.abort();
      }, hardStopMs).unref();
    },
    reload: () => channel.tell({ kind: 'recycle', why: 'works by a new configuration' }),
  });
  const events = deliveryEvents(runtime);
  const reencode = reportReencoder({
    store,
    resultsFolder: folders.results,
    siteUuid: store.settings.siteUuid(),
    nowMs: () => hostClock.nowMs(),
  });
  const loops: Promise<void>[] = [];
  for (const destination of config.pacs) {
    const { deliver } = destination;
    if (deliver === 'off') continue;
    const worker = new DeliveryWorker(deliverySettings({ ...destination, deliver }), {
      outbox: store.outbox,
      bytes: { open: ({ path }) => fileBytes(path) },
      fallback: { reencode },
      events,
      clock: hostClock,
      random: Math.random,
      sleep: abortableSleep,
      bootId,
    });
    workers.push(worker);
    loops.push(worker.run());
    if (destination.storageCommitment === 'on' && deliver === 'on')
      loops.push(requestCommitments(destination));
  }
  loops.push(sendAuditMessages(runtime, stopping.signal));
  loops.push(
    watchNotices(store, stopping.signal, () => {
      for (const worker of workers) worker.wake();
    }),
  );
  const work = databaseWork(order);
  const damage = Promise.withResolvers<never>();
  const housekeeping = scheduleHousekeeping(runtime, work, damage.reject);
  if (isReadBehind(folders.database)) void readThroughOnce(runtime, bootId, work).catch(damage.reject);
  channel.tell({ kind: 'ready' });
  const done = new Promise<void>((resolve) => stopping.signal.addEventListener('abort', () => resolve()));
  await Promise.race([Promise.all([done, ...loops]), damage.promise]);
  await housekeeping.stop();
  await work.stop();
  // The sender is the last of those that work to leave; its own replacement is no stop of the node.
  if (drainReason === 'shutdown') {
    log.event('NODE_STOPPED', { bootId });
    store.audit.append('NODE_STOPPED', { bootId });
  }
  store.close();
  await log.close();

  async function requestCommitments(destination: DestinationConfig): Promise<void> {
    const requester = new CommitmentRequester(commitmentSettings(destination), {
      commitments: store.commitments,
      events,
      clock: hostClock,
      random: Math.random,
      newTransactionUid: () => uuidV5Uid(store.settings.siteUuid(), 'commitment', randomUUID()),
    });
    while (!stopping.signal.aborted) {
      wakeCommitments = new AbortController();
      store.commitments.expire(hostClock.nowMs());
      const round = await requester.round();
      if (round.kind === 'requested') continue;
      await abortableSleep(commitmentPollMs, wakeCommitments.signal);
    }
  }
}
