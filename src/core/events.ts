import type { Outcome, Verdict } from './outcome.ts';
import type { ReasonCode } from './reasons.ts';

/**
 * Every field an event may carry, with its type. The list is closed and holds no patient attribute, so a name,
 * an ID or a birth date cannot be put into an event without changing this file (GDPR Art. 25; promise P8).
 * Fields named in `auditOnlyFields` go to the audit table alone and never to a log line.
 */
export interface EventFieldTypes {
  instanceId: string;
  jobId: string;
  associationId: string;
  objectId: string;
  sopInstanceUid: string;
  studyInstanceUid: string;
  accessionNumber: string;
  sopClassUid: string;
  transferSyntaxUid: string;
  callingAeTitle: string;
  calledAeTitle: string;
  peerIp: string;
  destination: string;
  objectKind: string;
  transactionUid: string;
  verdict: Verdict;
  outcome: Outcome;
  disposition: string;
  reason: ReasonCode;
  reasons: readonly string[];
  rule: string;
  modelId: string;
  modelSha256: string;
  configSha256: string;
  provider: string;
  revision: number;
  attempt: number;
  count: number;
  failedCount: number;
  sizeBytes: number;
  durationMs: number;
  seq: number;
  sha256: string;
  dimseStatus: number;
  errorCode: string;
  detail: string;
  operator: string;
  action: string;
  cause: string;
  version: string;
  bootId: string;
  processName: string;
  /** Where a file lies; our own ULID names, never a peer's text. */
  path: string;
}

type FieldName = keyof EventFieldTypes;

/** Fields that lead to one patient through another system; kept in the audit table, stripped from log lines. */
const auditOnlyFields: ReadonlySet<string> = new Set<FieldName>([
  'accessionNumber',
  'studyInstanceUid',
  'sopInstanceUid',
  'operator',
]);

interface EventDefinition {
  readonly number: number;
  readonly level: 'info' | 'warn' | 'error';
  readonly text: string;
  readonly fields: readonly FieldName[];
  readonly optional?: readonly FieldName[];
  /** DICOM audit event identification code, PS3.15 A.5 (DCM coding scheme), when the event is an ATNA message. */
  readonly atna?: '110100' | '110101' | '110102' | '110103' | '110104' | '110113';
}

const subject = ['instanceId', 'sopInstanceUid', 'studyInstanceUid'] as const;
const delivery = ['objectId', 'objectKind', 'sopInstanceUid', 'studyInstanceUid', 'destination'] as const;

/**
 * The events of the node: number, level, one sentence, typed fields. 1xx process, 2xx receive, 3xx analysis,
 * 4xx report, 5xx delivery, 6xx storage commitment, 7xx operator, 8xx security, 9xx storage and audit.
 * Numbers are never reused.
 */
export const eventCatalogue = {
  NODE_STARTED: {
    number: 100,
    level: 'info',
    text: 'The node started.',
    fields: ['version', 'bootId'],
    optional: ['configSha256', 'modelSha256'],
    atna: '110100',
  },
  NODE_STOPPED: {
    number: 101,
    level: 'info',
    text: 'The node stopped.',
    fields: ['bootId'],
    optional: ['detail'],
    atna: '110100',
  },
  CONFIG_RELOADED: {
    number: 102,
    level: 'info',
    text: 'A changed configuration is in force.',
    fields: ['configSha256'],
    optional: ['detail', 'operator'],
  },
  CONFIG_REFUSED: {
    number: 103,
    level: 'warn',
    text: 'A changed configuration has faults; the old one stays in force.',
    fields: ['detail'],
    optional: ['operator'],
  },
  MODEL_LOADED: {
    number: 104,
    level: 'info',
    text: 'A verified model is loaded.',
    fields: ['modelId', 'modelSha256', 'provider'],
    optional: ['durationMs'],
  },
  PROVIDER_FAILED: {
    number: 105,
    level: 'warn',
    text: 'An execution provider failed; the next one is tried.',
    fields: ['provider', 'detail'],
    optional: ['modelSha256'],
  },
  PROCESS_LOST: {
    number: 106,
    level: 'warn',
    text: 'A child process died and was replaced.',
    fields: ['processName', 'detail'],
    optional: ['bootId'],
  },
  RECOVERED_AFTER_START: {
    number: 107,
    level: 'info',
    text: 'Work that an earlier run left unfinished was taken up again.',
    fields: ['bootId', 'count', 'failedCount'],
  },
  ALERT_STARTED: {
    number: 108,
    level: 'error',
    text: 'A condition that needs a person began.',
    fields: ['cause', 'detail'],
  },
  ALERT_RECOVERED: {
    number: 109,
    level: 'info',
    text: 'A condition that needed a person is over.',
    fields: ['cause'],
    optional: ['durationMs'],
  },
  WATCHDOG_WITHHELD: {
    number: 110,
    level: 'error',
    text: 'The watchdog of the service manager was not fed.',
    fields: ['detail'],
  },
  ALERT_ROUND_FAILED: {
    number: 112,
    level: 'warn',
    text: 'Conditions for alerts could not be looked at; it is tried again.',
    fields: [],
  },
  NOTICE_FAILED: {
    number: 113,
    level: 'warn',
    text: 'An alert or a sign of life did not reach its receiver; it is tried again.',
    fields: ['action'],
  },
  PAGE_FAILED: {
    number: 111,
    level: 'warn',
    text: 'A page of the web console could not be made.',
    fields: ['detail'],
  },

  ASSOCIATION_OPENED: {
    number: 200,
    level: 'info',
    text: 'An association was accepted.',
    fields: ['associationId', 'callingAeTitle', 'calledAeTitle', 'peerIp'],
    optional: ['detail'],
  },
  ASSOCIATION_CLOSED: {
    number: 201,
    level: 'info',
    text: 'An association ended.',
    fields: ['associationId', 'callingAeTitle', 'count'],
    optional: ['detail', 'durationMs'],
  },
  INSTANCE_STORED: {
    number: 202,
    level: 'info',
    text: 'An image is durable and will be acknowledged.',
    fields: [...subject, 'callingAeTitle', 'peerIp', 'sopClassUid', 'sizeBytes', 'sha256'],
    optional: ['associationId', 'transferSyntaxUid'],
    atna: '110104',
  },
  INSTANCE_DUPLICATE: {
    number: 203,
    level: 'info',
    text: 'The same image with the same content came again.',
    fields: [...subject, 'callingAeTitle', 'sha256'],
    optional: ['associationId', 'peerIp'],
  },
  INSTANCE_CONTENT_CHANGED: {
    number: 204,
    level: 'warn',
    text: 'A known SOP Instance UID came with other content.',
    fields: [...subject, 'callingAeTitle', 'sha256'],
    optional: ['associationId', 'peerIp'],
  },
  INSTANCE_REFUSED: {
    number: 205,
    level: 'warn',
    text: 'An object was refused at the door.',
    fields: ['callingAeTitle', 'dimseStatus', 'detail'],
    optional: ['associationId', 'peerIp', 'sopClassUid', 'sopInstanceUid', 'reason', 'count'],
  },
  INSTANCE_UID_ILLEGAL: {
    number: 206,
    level: 'warn',
    text: 'An image whose UIDs have leading zeros, which PS3.5 9.1 forbids, was taken as it is.',
    fields: [...subject, 'callingAeTitle', 'detail'],
    optional: ['associationId', 'peerIp'],
  },

  IMAGE_ANALYSED: {
    number: 300,
    level: 'info',
    text: 'An image was analysed.',
    fields: [...subject, 'outcome', 'modelSha256', 'provider'],
    optional: [
      'callingAeTitle',
      'accessionNumber',
      'jobId',
      'reason',
      'reasons',
      'durationMs',
      'modelId',
      'configSha256',
      'rule',
    ],
    atna: '110103',
  },
  IMAGE_SKIPPED: {
    number: 301,
    level: 'info',
    text: 'An image is out of scope.',
    fields: [...subject],
    optional: ['callingAeTitle', 'accessionNumber', 'jobId', 'reason', 'reasons', 'rule'],
  },
  IMAGE_HELD: {
    number: 302,
    level: 'warn',
    text: 'An image waits for an operator, because its view cannot be told.',
    fields: [...subject],
    optional: ['callingAeTitle', 'accessionNumber', 'jobId', 'reason', 'reasons', 'rule'],
  },
  IMAGE_REFUSED: {
    number: 303,
    level: 'warn',
    text: 'An image cannot be processed.',
    fields: [...subject],
    optional: ['callingAeTitle', 'accessionNumber', 'jobId', 'reason', 'reasons', 'rule'],
  },
  IMAGE_FAILED: {
    number: 304,
    level: 'error',
    text: 'An image ended with a technical fault.',
    fields: [...subject],
    optional: [
      'callingAeTitle',
      'accessionNumber',
      'jobId',
      'outcome',
      'reason',
      'reasons',
      'rule',
      'errorCode',
    ],
  },
  IMAGE_QUARANTINED: {
    number: 305,
    level: 'error',
    text: 'An image was set aside after its last attempt.',
    fields: [...subject, 'attempt'],
    optional: ['callingAeTitle', 'accessionNumber', 'jobId', 'reason', 'errorCode', 'detail'],
  },
  JOB_RETRY: {
    number: 306,
    level: 'warn',
    text: 'An attempt failed and will be repeated.',
    fields: ['jobId', 'instanceId', 'attempt', 'errorCode'],
    optional: ['detail', 'callingAeTitle'],
  },

  REPORT_COMMITTED: {
    number: 400,
    level: 'info',
    text: 'A study report was built.',
    fields: ['studyInstanceUid', 'sopInstanceUid', 'objectId', 'revision', 'modelSha256', 'count'],
    optional: ['accessionNumber'],
  },
  REPORT_FAILED: {
    number: 401,
    level: 'error',
    text: 'A study report could not be built.',
    fields: ['studyInstanceUid', 'attempt', 'errorCode'],
    optional: ['detail'],
  },
  STUDY_CLOSED: {
    number: 402,
    level: 'info',
    text: 'A study closed without a report.',
    fields: ['studyInstanceUid'],
    optional: ['detail'],
  },

  OBJECT_STORED: {
    number: 500,
    level: 'info',
    text: 'A destination stored an object.',
    fields: [...delivery, 'dimseStatus'],
    optional: ['attempt', 'accessionNumber', 'detail', 'durationMs'],
    atna: '110104',
  },
  OBJECT_WAITING: {
    number: 501,
    level: 'warn',
    text: 'A delivery failed and will be repeated.',
    fields: [...delivery, 'attempt', 'detail'],
    optional: ['dimseStatus', 'reason'],
  },
  OBJECT_PARKED: {
    number: 502,
    level: 'error',
    text: 'A delivery needs an operator.',
    fields: [...delivery, 'attempt', 'detail'],
    optional: ['dimseStatus', 'reason'],
  },
  OBJECT_REPLACED: {
    number: 503,
    level: 'warn',
    text: 'An object was encoded again in a class that the destination takes.',
    fields: [...delivery, 'detail'],
  },
  DELIVERY_CANCELLED: {
    number: 504,
    level: 'warn',
    text: 'A delivery was cancelled.',
    fields: [...delivery],
    optional: ['operator', 'detail'],
  },
  DESTINATION_DOWN: {
    number: 505,
    level: 'error',
    text: 'A destination does not answer; deliveries wait.',
    fields: ['destination', 'detail'],
  },
  DESTINATION_UP: {
    number: 506,
    level: 'info',
    text: 'A destination answers again.',
    fields: ['destination'],
    optional: ['durationMs'],
  },
  OBJECT_SENDING: {
    number: 507,
    level: 'info',
    text: 'An object is being sent; written only for an audit record repository.',
    fields: ['objectId', 'sopClassUid', 'sopInstanceUid', 'studyInstanceUid', 'destination', 'attempt'],
    atna: '110102',
  },

  COMMITMENT_REQUESTED: {
    number: 600,
    level: 'info',
    text: 'Storage commitment was requested.',
    fields: ['transactionUid', 'destination', 'count'],
  },
  COMMITMENT_REPORTED: {
    number: 601,
    level: 'info',
    text: 'A destination answered for its storage.',
    fields: ['transactionUid', 'destination', 'count', 'failedCount'],
  },
  COMMITMENT_EXPIRED: {
    number: 602,
    level: 'warn',
    text: 'No storage commitment result came in time.',
    fields: ['transactionUid', 'destination', 'count'],
  },

  OPERATOR_RELEASED: {
    number: 700,
    level: 'info',
    text: 'An operator released a held image for analysis.',
    fields: [...subject, 'operator'],
    optional: ['detail'],
  },
  OPERATOR_DISMISSED: {
    number: 701,
    level: 'info',
    text: 'An operator dismissed a held image.',
    fields: [...subject, 'operator'],
    optional: ['detail'],
  },
  OPERATOR_REQUEUED: {
    number: 702,
    level: 'info',
    text: 'An operator had an image analysed again.',
    fields: [...subject, 'operator'],
    optional: ['modelSha256'],
  },
  OPERATOR_RESENT: {
    number: 703,
    level: 'info',
    text: 'An operator had objects sent again.',
    fields: ['operator', 'count'],
    optional: ['destination', 'studyInstanceUid', 'objectId'],
  },
  OPERATOR_ACTION: {
    number: 704,
    level: 'info',
    text: 'An operator changed something.',
    fields: ['operator', 'action'],
    optional: ['detail', 'destination', 'count', 'studyInstanceUid', 'objectId'],
  },
  FEEDBACK_GIVEN: {
    number: 705,
    level: 'info',
    text: 'A reader judged a result.',
    fields: [...subject, 'operator', 'action'],
    optional: ['outcome'],
  },
  MODEL_ACTIVATED: {
    number: 706,
    level: 'info',
    text: 'An operator activated a model.',
    fields: ['operator', 'modelId', 'modelSha256'],
    optional: ['detail'],
  },

  ASSOCIATION_REJECTED: {
    number: 800,
    level: 'warn',
    text: 'An association was refused by policy.',
    fields: ['callingAeTitle', 'calledAeTitle', 'peerIp', 'cause'],
    optional: ['detail', 'count'],
    atna: '110113',
  },
  PROTOCOL_VIOLATION: {
    number: 801,
    level: 'warn',
    text: 'A peer broke the upper-layer protocol.',
    fields: ['peerIp', 'detail'],
    optional: ['callingAeTitle', 'associationId', 'count'],
    atna: '110113',
  },
  TLS_REFUSED: {
    number: 802,
    level: 'warn',
    text: 'A TLS handshake failed or a certificate was refused.',
    fields: ['peerIp', 'detail'],
    optional: ['callingAeTitle', 'count'],
    atna: '110113',
  },
  MODEL_REFUSED: {
    number: 803,
    level: 'error',
    text: 'A model file is not the one its manifest pins.',
    fields: ['modelId', 'detail'],
    optional: ['modelSha256'],
    atna: '110113',
  },
  AUDIT_READ: {
    number: 804,
    level: 'info',
    text: 'The audit trail was read.',
    fields: ['operator', 'action'],
    optional: ['count'],
    atna: '110101',
  },
  LOGIN_REFUSED: {
    number: 805,
    level: 'warn',
    text: 'A login to the web console was refused.',
    fields: ['peerIp'],
    optional: ['detail'],
    atna: '110113',
  },

  SPOOL_SWEPT: {
    number: 900,
    level: 'info',
    text: 'The spool was swept at start.',
    fields: ['count', 'failedCount'],
    optional: ['detail'],
  },
  SPOOL_FILE_MISSING: {
    number: 901,
    level: 'error',
    text: 'The file of a stored image is gone.',
    fields: ['instanceId', 'path'],
  },
  RETENTION_RAN: {
    number: 902,
    level: 'info',
    text: 'Old data was removed by its retention rule.',
    fields: ['action', 'count'],
    optional: ['sizeBytes'],
  },
  AUDIT_PURGED: {
    number: 903,
    level: 'info',
    text: 'Old audit rows were removed; the chain goes on from the named row.',
    fields: ['seq', 'sha256', 'count'],
  },
  BACKUP_MADE: {
    number: 904,
    level: 'info',
    text: 'A backup of the database was written and checked.',
    fields: ['sizeBytes', 'sha256'],
    optional: ['path'],
  },
  BACKUP_FAILED: {
    number: 905,
    level: 'error',
    text: 'A backup of the database failed.',
    fields: ['detail'],
    optional: ['path'],
  },
  REBUILT_FROM_SPOOL: {
    number: 906,
    level: 'warn',
    text: 'The database was rebuilt from the spool.',
    fields: ['count', 'failedCount'],
  },
  DISK_LOW: {
    number: 907,
    level: 'error',
    text: 'Free space is below the watermark; new associations are refused.',
    fields: ['sizeBytes'],
  },
  DISK_OK: {
    number: 908,
    level: 'info',
    text: 'Free space is above the watermark again.',
    fields: ['sizeBytes'],
  },
  AUDIT_ROWS_LOST: {
    number: 909,
    level: 'error',
    text: 'Audit rows were dropped, because the database took none for too long.',
    fields: ['count'],
  },
} as const satisfies Record<string, EventDefinition>;

export type EventName = keyof typeof eventCatalogue;

type Catalogue = typeof eventCatalogue;
type Optional<N extends EventName> = Catalogue[N] extends {
  readonly optional: readonly (infer F extends FieldName)[];
}
  ? F
  : never;

/** The fields of one event: those it always has and those it may have. Anything else is a type error. */
export type EventFields<N extends EventName> = {
  readonly [K in Catalogue[N]['fields'][number]]: EventFieldTypes[K];
} & {
  readonly [K in Optional<N>]?: EventFieldTypes[K] | undefined;
};

/** What is common to every entry of the catalogue, for code that handles any event. */
export function eventDefinition(name: EventName): EventDefinition {
  return eventCatalogue[name];
}

/** The fields that may stand in a log line: without UIDs, accession number and operator. */
export function logFields<N extends EventName>(
  _name: N,
  fields: EventFields<N>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(fields).filter(([key, value]) => !auditOnlyFields.has(key) && value !== undefined),
  );
}
