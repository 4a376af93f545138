import type { DeliveryEvents } from '../scu/ports.ts';
import type { Runtime } from './runtime.ts';

/** What deliveries and commitment reports tell the log, the audit and the alerts; sender and listener speak alike. */
export function deliveryEvents({
  config,
  store,
  log,
}: Pick<Runtime, 'store' | 'log'> & {
  readonly config: { readonly audit: Pick<Runtime['config']['audit'], 'syslog'> };
}): DeliveryEvents {
  const reportsTransfers = config.audit.syslog !== undefined;
  return {
    transferBegins: ({ object, attempt, destination, studyInstanceUid }) => {
      // The outbox knows of every attempt already; a commit of its own is only worth it where somebody compares.
      if (!reportsTransfers) return;
      const { objectId, sopClassUid, sopInstanceUid } = object;
      const what = { objectId, sopClassUid, sopInstanceUid, studyInstanceUid };
      store.audit.append('OBJECT_SENDING', { ...what, destination, attempt });
    },
    destinationDown: (destination, detail) => {
      log.event('DESTINATION_DOWN', { destination, detail });
      store.audit.append('DESTINATION_DOWN', { destination, detail });
    },
    destinationUp: (destination, durationMs) => {
      log.event('DESTINATION_UP', { destination, durationMs });
      store.audit.append('DESTINATION_UP', { destination, durationMs });
    },
    alertStarted: (cause, detail) => {
      if (store.alerts.start(cause, detail)) log.event('ALERT_STARTED', { cause, detail });
    },
    alertRecovered: (cause) => {
      if (store.alerts.recover(cause)) log.event('ALERT_RECOVERED', { cause });
    },
    shadowed: ({ outboxId, destination }, detail) => {
      log.event('OPERATOR_ACTION', { operator: 'shadow-mode', action: 'not sent', destination, detail });
      store.outbox.cancel({ outboxId }, 'shadow-mode');
    },
    presenceChecked: (destination, { sopInstanceUid }, presence) => {
      store.audit.append('OPERATOR_ACTION', {
        operator: 'sender',
        action: `C-FIND: ${presence}`,
        destination,
        detail: sopInstanceUid,
      });
    },
  };
}
