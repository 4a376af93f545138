import { isIP } from 'node:net';
import { type EventName, eventDefinition } from '../../core/events.ts';
import { element, writeXml, type XmlElement } from './xml.ts';

/** An audit row on its way to an audit record repository, with what else is known of its patient by now. */
export interface AuditEntry {
  readonly seq: number;
  readonly atMs: number;
  readonly event: EventName;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly patientId: string | null;
  readonly patientName: string | null;
  readonly accessionNumber: string | null;
}

/** Who reports. */
export interface AuditSource {
  readonly aeTitle: string;
  readonly hostName: string;
  /** Institution name, when the site gave one. */
  readonly enterpriseSiteId?: string;
  /** Where results go, by the name that events use. */
  readonly destinations: ReadonlyMap<string, { readonly aeTitle: string; readonly host: string }>;
}

type Code = readonly [code: string, meaning: string, codeSystem?: string];

/** Codes of PS3.16 CID 400 to 405 (audit event, role and object types). */
const codes = {
  applicationActivity: ['110100', 'Application Activity'],
  auditLogUsed: ['110101', 'Audit Log Used'],
  beginTransferring: ['110102', 'Begin Transferring DICOM Instances'],
  instancesAccessed: ['110103', 'DICOM Instances Accessed'],
  instancesTransferred: ['110104', 'DICOM Instances Transferred'],
  securityAlert: ['110113', 'Security Alert'],
  applicationStart: ['110120', 'Application Start'],
  applicationStop: ['110121', 'Application Stop'],
  nodeAuthentication: ['110126', 'Node Authentication'],
  softwareConfiguration: ['110131', 'Software Configuration'],
  application: ['110150', 'Application'],
  destinationRole: ['110152', 'Destination Role ID'],
  sourceRole: ['110153', 'Source Role ID'],
  studyInstanceUid: ['110180', 'Study Instance UID'],
  nodeId: ['110182', 'Node ID'],
  patientNumber: ['2', 'Patient Number', 'RFC-3881'],
  uri: ['12', 'URI', 'RFC-3881'],
} as const satisfies Record<string, Code>;

/** EventOutcomeIndicator, PS3.15 A.5.1.1. */
const outcome = { success: '0', minorFailure: '4', seriousFailure: '8' } as const;

interface EventPart {
  readonly id: Code;
  readonly type?: Code;
  readonly action: 'C' | 'R' | 'U' | 'D' | 'E';
  readonly outcome: string;
  readonly participants: readonly XmlElement[];
  readonly objects: readonly XmlElement[];
}

/**
 * The audit message of a row in the schema of PS3.15 A.5.1, or undefined for an event that is none. It may name the
 * patient: it goes to the site's audit record repository over TLS and nowhere else.
 */
export function auditMessage(entry: AuditEntry, source: AuditSource): string | undefined {
  const part = eventPart(entry, source);
  if (part === undefined) return undefined;
  const message = element(
    'AuditMessage',
    {},
    element(
      'EventIdentification',
      {
        EventActionCode: part.action,
        EventDateTime: new Date(entry.atMs).toISOString(),
        EventOutcomeIndicator: part.outcome,
      },
      coded('EventID', part.id),
      ...(part.type === undefined ? [] : [coded('EventTypeCode', part.type)]),
    ),
    ...part.participants,
    element(
      'AuditSourceIdentification',
      { AuditEnterpriseSiteID: source.enterpriseSiteId, AuditSourceID: source.aeTitle },
      element('AuditSourceTypeCode', { 'csd-code': '4' }),
    ),
    ...part.objects,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>${writeXml(message)}`;
}

function eventPart(entry: AuditEntry, source: AuditSource): EventPart | undefined {
  const text = textFields(entry);
  const self = (isRequestor: boolean, role?: Code) =>
    participant({
      userId: source.aeTitle,
      aeTitle: source.aeTitle,
      host: source.hostName,
      isRequestor,
      role,
    });
  switch (entry.event) {
    case 'NODE_STARTED':
    case 'NODE_STOPPED':
      return {
        id: codes.applicationActivity,
        type: entry.event === 'NODE_STARTED' ? codes.applicationStart : codes.applicationStop,
        action: 'E',
        outcome: outcome.success,
        participants: [self(false, codes.application)],
        objects: [],
      };
    case 'INSTANCE_STORED':
      return {
        id: codes.instancesTransferred,
        action: 'C',
        outcome: outcome.success,
        participants: [
          participant({
            userId: text('callingAeTitle'),
            aeTitle: text('callingAeTitle'),
            host: text('peerIp'),
            isRequestor: true,
            role: codes.sourceRole,
          }),
          self(false, codes.destinationRole),
        ],
        objects: transferredObjects(entry),
      };
    case 'IMAGE_ANALYSED':
      return {
        id: codes.instancesAccessed,
        action: 'R',
        outcome: outcome.success,
        participants: [self(true)],
        objects: transferredObjects(entry),
      };
    case 'OBJECT_SENDING':
    case 'OBJECT_STORED': {
      const destination = source.destinations.get(text('destination'));
      const begins = entry.event === 'OBJECT_SENDING';
      return {
        id: begins ? codes.beginTransferring : codes.instancesTransferred,
        action: begins ? 'E' : 'C',
        outcome: outcome.success,
        participants: [
          self(true, codes.sourceRole),
          participant({
            userId: destination?.aeTitle ?? text('destination'),
            aeTitle: destination?.aeTitle ?? text('destination'),
            host: destination?.host ?? '',
            isRequestor: false,
            role: codes.destinationRole,
          }),
        ],
        objects: transferredObjects(entry),
      };
    }
    case 'AUDIT_READ':
      return {
        id: codes.auditLogUsed,
        action: 'R',
        outcome: outcome.success,
        participants: [
          participant({ userId: text('operator'), aeTitle: '', host: source.hostName, isRequestor: true }),
        ],
        objects: [auditLogObject(source)],
      };
    default:
      return eventDefinition(entry.event).atna === '110113' ? securityAlert(entry, source) : undefined;
  }
}

/** PS3.15 A.5.3.11: somebody was refused, or a file is not what it should be. */
function securityAlert(entry: AuditEntry, source: AuditSource): EventPart {
  const text = textFields(entry);
  const isOurs = entry.event === 'MODEL_REFUSED';
  const subject = text('callingAeTitle') || text('peerIp') || text('modelId') || 'unknown';
  const detail = [text('cause'), text('detail')].filter((part) => part !== '').join(': ');
  return {
    id: codes.securityAlert,
    type: isOurs ? codes.softwareConfiguration : codes.nodeAuthentication,
    action: 'E',
    outcome: isOurs ? outcome.seriousFailure : outcome.minorFailure,
    participants: [
      participant({
        userId: source.aeTitle,
        aeTitle: source.aeTitle,
        host: source.hostName,
        isRequestor: false,
        role: codes.application,
      }),
      ...(isOurs
        ? []
        : [
            participant({
              userId: subject,
              aeTitle: text('callingAeTitle'),
              host: text('peerIp'),
              isRequestor: true,
            }),
          ]),
    ],
    objects: [
      element(
        'ParticipantObjectIdentification',
        { ParticipantObjectID: subject, ParticipantObjectTypeCode: '2' },
        coded('ParticipantObjectIDTypeCode', codes.nodeId),
        named(subject),
        element('ParticipantObjectDetail', {
          type: 'Alert Description',
          value: Buffer.from(`${eventDefinition(entry.event).text} ${detail}`.trim()).toString('base64'),
        }),
      ),
    ],
  };
}

/** The study and, once the image has been read, its patient (PS3.15 A.5.3.3, A.5.3.4, A.5.3.7). */
function transferredObjects(entry: AuditEntry): XmlElement[] {
  const text = textFields(entry);
  const accessionNumber = text('accessionNumber') || (entry.accessionNumber ?? '');
  const study = element(
    'ParticipantObjectIdentification',
    {
      ParticipantObjectID: text('studyInstanceUid'),
      ParticipantObjectTypeCode: '2',
      ParticipantObjectTypeCodeRole: '3',
    },
    coded('ParticipantObjectIDTypeCode', codes.studyInstanceUid),
    named('study'),
    element(
      'ParticipantObjectDescription',
      {},
      ...(accessionNumber === '' ? [] : [element('Accession', { Number: accessionNumber })]),
      element(
        'SOPClass',
        { UID: text('sopClassUid') || undefined, NumberOfInstances: '1' },
        element('Instance', { UID: text('sopInstanceUid') }),
      ),
    ),
  );
  if ((entry.patientId ?? '') === '') return [study];
  const patient = element(
    'ParticipantObjectIdentification',
    {
      ParticipantObjectID: entry.patientId ?? '',
      ParticipantObjectTypeCode: '1',
      ParticipantObjectTypeCodeRole: '1',
    },
    coded('ParticipantObjectIDTypeCode', codes.patientNumber),
    named(entry.patientName ?? ''),
  );
  return [study, patient];
}

function auditLogObject({ aeTitle }: AuditSource): XmlElement {
  return element(
    'ParticipantObjectIdentification',
    {
      ParticipantObjectID: `urn:lumbar-node:audit:${encodeURIComponent(aeTitle)}`,
      ParticipantObjectTypeCode: '2',
      ParticipantObjectTypeCodeRole: '13',
    },
    coded('ParticipantObjectIDTypeCode', codes.uri),
    named('Security Audit Log'),
  );
}

interface ParticipantFacts {
  readonly userId: string;
  readonly aeTitle: string;
  readonly host: string;
  readonly isRequestor: boolean;
  readonly role?: Code | undefined;
}

function participant({ userId, aeTitle, host, isRequestor, role }: ParticipantFacts): XmlElement {
  return element(
    'ActiveParticipant',
    {
      UserID: userId,
      AlternativeUserID: aeTitle === '' ? undefined : `AETITLES=${aeTitle}`,
      UserIsRequestor: String(isRequestor),
      NetworkAccessPointID: host === '' ? undefined : host,
      NetworkAccessPointTypeCode: host === '' ? undefined : isIP(host) === 0 ? '1' : '2',
    },
    ...(role === undefined ? [] : [coded('RoleIDCode', role)]),
  );
}

function named(name: string): XmlElement {
  return element('ParticipantObjectName', {}, name);
}

function coded(name: string, [code, meaning, codeSystem = 'DCM']: Code): XmlElement {
  return element(name, { 'csd-code': code, codeSystemName: codeSystem, originalText: meaning });
}

function textFields({ fields }: AuditEntry): (name: string) => string {
  return (name) => {
    const value = fields[name];
    return typeof value === 'string' ? value : '';
  };
}
