import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type AuditEntry, type AuditSource, auditMessage } from '../../../src/admin/atna/audit-message.ts';
import { syslogFrame } from '../../../src/admin/atna/syslog-message.ts';
import { type EventName, eventCatalogue, eventDefinition } from '../../../src/core/events.ts';
import { peer } from '../../support/peer.ts';

const xmllint = peer('xmllint');
const schema = join(import.meta.dirname, '../../support/audit-message.rng');

const source: AuditSource = {
  aeTitle: 'LUMBAR',
  hostName: 'node1.hospital.example',
  enterpriseSiteId: 'Example Hospital',
  destinations: new Map([['main', { aeTitle: 'PACS', host: '10.0.0.9' }]]),
};

/** Every field that some event may have, so that one entry serves each of them. */
const fields = {
  instanceId: '01J',
  sopInstanceUid: '1.2.3.4.5',
  studyInstanceUid: '1.2.3.4',
  sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
  callingAeTitle: 'DX_ROOM1',
  calledAeTitle: 'LUMBAR',
  peerIp: '10.0.0.31',
  destination: 'main',
  operator: 'm.muster',
  modelId: 'fictional-model',
  cause: 'calling-ae-title',
  detail: 'a detail',
};

function entry(event: EventName, changes: Partial<AuditEntry> = {}): AuditEntry {
  return {
    seq: 7,
    atMs: Date.UTC(2026, 10, 26, 9, 0, 0, 123),
    event,
    fields,
    patientId: 'F-4711',
    patientName: 'Fictional^Patient',
    accessionNumber: 'A-1',
    ...changes,
  };
}

const audited = (Object.keys(eventCatalogue) as EventName[]).filter(
  (name) => eventDefinition(name).atna !== undefined,
);

function validate(xml: string): void {
  execFileSync(xmllint!, ['--noout', '--relaxng', schema, '-'], {
    input: xml,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

describe('auditMessage (PS3.15 A.5)', () => {
  test.skipIf(xmllint === undefined).each(audited)('%s has the structure of the schema', (event) => {
    validate(auditMessage(entry(event), source)!);
    validate(
      auditMessage(entry(event, { patientId: null, patientName: null, accessionNumber: null }), source)!,
    );
  });

  test.each(audited)('%s carries the event code that the catalogue names', (event) => {
    expect(auditMessage(entry(event), source)).toContain(
      `<EventID csd-code="${eventDefinition(event).atna}"`,
    );
  });

  test('a received image: who sent it, which study, whose', () => {
    expect(auditMessage(entry('INSTANCE_STORED'), source)).toBe(
      '<?xml version="1.0" encoding="UTF-8"?><AuditMessage>' +
        '<EventIdentification EventActionCode="C" EventDateTime="2026-11-26T09:00:00.123Z" EventOutcomeIndicator="0">' +
        '<EventID csd-code="110104" codeSystemName="DCM" originalText="DICOM Instances Transferred"/></EventIdentification>' +
        '<ActiveParticipant UserID="DX_ROOM1" AlternativeUserID="AETITLES=DX_ROOM1" UserIsRequestor="true" NetworkAccessPointID="10.0.0.31" NetworkAccessPointTypeCode="2">' +
        '<RoleIDCode csd-code="110153" codeSystemName="DCM" originalText="Source Role ID"/></ActiveParticipant>' +
        '<ActiveParticipant UserID="LUMBAR" AlternativeUserID="AETITLES=LUMBAR" UserIsRequestor="false" NetworkAccessPointID="node1.hospital.example" NetworkAccessPointTypeCode="1">' +
        '<RoleIDCode csd-code="110152" codeSystemName="DCM" originalText="Destination Role ID"/></ActiveParticipant>' +
        '<AuditSourceIdentification AuditEnterpriseSiteID="Example Hospital" AuditSourceID="LUMBAR"><AuditSourceTypeCode csd-code="4"/></AuditSourceIdentification>' +
        '<ParticipantObjectIdentification ParticipantObjectID="1.2.3.4" ParticipantObjectTypeCode="2" ParticipantObjectTypeCodeRole="3">' +
        '<ParticipantObjectIDTypeCode csd-code="110180" codeSystemName="DCM" originalText="Study Instance UID"/><ParticipantObjectName>study</ParticipantObjectName>' +
        '<ParticipantObjectDescription><Accession Number="A-1"/><SOPClass UID="1.2.840.10008.5.1.4.1.1.1.1" NumberOfInstances="1"><Instance UID="1.2.3.4.5"/></SOPClass></ParticipantObjectDescription></ParticipantObjectIdentification>' +
        '<ParticipantObjectIdentification ParticipantObjectID="F-4711" ParticipantObjectTypeCode="1" ParticipantObjectTypeCodeRole="1">' +
        '<ParticipantObjectIDTypeCode csd-code="2" codeSystemName="RFC-3881" originalText="Patient Number"/><ParticipantObjectName>Fictional^Patient</ParticipantObjectName></ParticipantObjectIdentification>' +
        '</AuditMessage>',
    );
  });

  test('a delivered object names the archive by its AE title and host', () => {
    expect(auditMessage(entry('OBJECT_STORED'), source)).toContain(
      '<ActiveParticipant UserID="PACS" AlternativeUserID="AETITLES=PACS" UserIsRequestor="false" NetworkAccessPointID="10.0.0.9"',
    );
  });

  test('the begin of a transfer names the same ends and the same object as its end (A.5.3.3)', () => {
    const [begin = '', end = ''] = (['OBJECT_SENDING', 'OBJECT_STORED'] as const).map(
      (event) => auditMessage(entry(event), source)!,
    );
    expect(begin).toContain('EventActionCode="E"');
    expect(begin).toContain(
      '<EventID csd-code="110102" codeSystemName="DCM" originalText="Begin Transferring',
    );
    const withoutEvent = (xml: string) => xml.replace(/<EventIdentification.*<\/EventIdentification>/, '');
    expect(withoutEvent(begin)).toBe(withoutEvent(end));
  });

  test('an analysis is an access for reading by the node itself (A.5.3.4)', () => {
    const xml = auditMessage(entry('IMAGE_ANALYSED'), source)!;
    expect(xml).toContain('EventActionCode="R"');
    expect(xml).toContain('<EventID csd-code="110103"');
    expect(xml).toContain('UserID="LUMBAR" AlternativeUserID="AETITLES=LUMBAR" UserIsRequestor="true"');
    expect(xml).toContain('ParticipantObjectID="F-4711"');
  });

  test('a refusal is a failure and says why', () => {
    const xml = auditMessage(entry('ASSOCIATION_REJECTED'), source)!;
    expect(xml).toContain('EventOutcomeIndicator="4"');
    const detail = /type="Alert Description" value="([^"]+)"/.exec(xml)?.[1] ?? '';
    expect(Buffer.from(detail, 'base64').toString()).toBe(
      'An association was refused by policy. calling-ae-title: a detail',
    );
  });

  test.skipIf(xmllint === undefined)('what a patient is called cannot break the message (O05)', () => {
    const patientName = '"/><x a="]]>&<svg onload=1>\u0000\u001b[31m\ud800\n=王^小東';
    const xml = auditMessage(entry('INSTANCE_STORED', { patientName, patientId: '<&">' }), source)!;
    validate(xml);
    expect(xml).toContain('ParticipantObjectID="&lt;&amp;&quot;&gt;"');
    expect(xml).toContain('=王^小東');
  });

  test('events that are no audit messages give none', () => {
    expect(auditMessage(entry('IMAGE_SKIPPED'), source)).toBeUndefined();
  });
});

describe('syslogFrame (RFC 5425 4.3, RFC 5424 6)', () => {
  test('the count is of octets, the text is UTF-8 behind its mark', () => {
    const frame = syslogFrame(
      { atMs: Date.UTC(2026, 0, 2, 3, 4, 5, 6), messageId: 'DICOM+RFC3881', text: '王' },
      { hostName: 'node 1\u0007', processId: 42 },
    );
    const body = '<85>1 2026-01-02T03:04:05.006Z node1 lumbar-node 42 DICOM+RFC3881 - \ufeff王';
    expect(frame.toString('utf8')).toBe(`${Buffer.byteLength(body)} ${body}`);
  });
});
