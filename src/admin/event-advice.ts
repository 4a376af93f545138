import type { EventName, eventCatalogue } from '../core/events.ts';

type Catalogue = typeof eventCatalogue;

/** The events that ask for attention: a new one cannot be added without saying what to do. */
type TroubleEvent = {
  [N in EventName]: Catalogue[N]['level'] extends 'info' ? never : N;
}[EventName];

/** What an administrator does about each warning and error; docs/events.md is made from this table. */
export const eventAdvice: Readonly<Record<TroubleEvent, string>> = {
  CONFIG_REFUSED:
    'Run lumbar-node check, correct what it names, then reload. The node works by the old configuration meanwhile.',
  PROVIDER_FAILED:
    'If the machine has an accelerator: check its driver. The node goes on with the next provider, slower.',
  PROCESS_LOST:
    'One is harmless: it was replaced and lost nothing. Several: read the log before each, run lumbar-node doctor and report it.',
  ALERT_STARTED: 'Read cause and detail; lumbar-node status shows what to do about it.',
  WATCHDOG_WITHHELD:
    'The service manager will restart the node. Read the detail; if it repeats, look at disk and load of the machine.',
  ALERT_ROUND_FAILED:
    'One is harmless. Several: lumbar-node doctor; until it is over nobody is told of new conditions.',
  NOTICE_FAILED:
    'Run lumbar-node alert test: it says what the receiver answers. The message is sent again by itself.',
  PAGE_FAILED: 'A fault of this node: keep the log lines around it and report them. Images are not affected.',
  INSTANCE_CONTENT_CHANGED:
    'Ask why the sender changed an image under the same UID; both are kept. lumbar-node explain shows both.',
  INSTANCE_REFUSED:
    'Read the detail. Disk full: free space. A class that is not taken: narrow the forwarding rule of the sender.',
  INSTANCE_UID_ILLEGAL:
    'Nothing here: it is analysed, and the results quote the UIDs as they came. Tell the maker of the sender; an archive may refuse such images.',
  IMAGE_HELD: 'lumbar-node queue list --held; look at the image and release or dismiss it.',
  IMAGE_REFUSED: 'lumbar-node explain tells the gate; often nothing is to be done.',
  IMAGE_FAILED: 'lumbar-node explain tells the fault; lumbar-node reprocess tries once more.',
  IMAGE_QUARANTINED: 'lumbar-node queue list --failed; queue retry tries again, queue dismiss takes note.',
  JOB_RETRY: 'Nothing: it is tried again. After the last attempt IMAGE_QUARANTINED follows.',
  REPORT_FAILED:
    'After the third attempt: lumbar-node queue list --failed, then queue retry; report it if that fails.',
  OBJECT_WAITING:
    'Nothing yet: it is tried again by itself. lumbar-node explain words the answer of the destination.',
  OBJECT_PARKED:
    'lumbar-node queue list --failed, correct the cause that queue show names, then queue retry.',
  OBJECT_REPLACED:
    'Nothing: the destination takes an older report class. Put that class first in srClass to spare the attempt.',
  DELIVERY_CANCELLED: 'Nothing: an operator or shadow mode decided so.',
  DESTINATION_DOWN: 'Run lumbar-node doctor. The destination is asked again by itself and nothing is lost.',
  COMMITMENT_EXPIRED:
    'If it repeats: can the archive open an association to this node? It asks again by itself.',
  ASSOCIATION_REJECTED:
    'If it is a modality of yours: compare AE title and address with senders.yaml. If not: somebody scans the network.',
  PROTOCOL_VIOLATION:
    'One is noise. From a modality of yours, repeatedly: keep the detail and tell its vendor.',
  TLS_REFUSED: 'Compare the certificates of both sides; an expired or unknown authority is the usual cause.',
  MODEL_REFUSED: 'Do not use the file. Install the package again from its source and verify it.',
  LOGIN_REFUSED: 'One is a typing error. Many from one address: keep them away from the port.',
  SPOOL_FILE_MISSING:
    'Something outside this node removed a file: find out what, and send the image again from the modality.',
  BACKUP_FAILED:
    'Read the detail: usually space or rights in backup.directory. Run lumbar-node backup after correcting it.',
  REBUILT_FROM_SPOOL: 'Expected after a restore. Compare lumbar-node report day with the modality.',
  DISK_LOW:
    'Free space; lumbar-node retention show tells what would go. Images are refused until then and the modalities keep them.',
  AUDIT_ROWS_LOST: 'Free space or repair the disk, and note the time: rows are missing from the audit trail.',
};
