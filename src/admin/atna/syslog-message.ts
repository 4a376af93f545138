/** Who writes syslog messages, RFC 5424 section 6.2. */
export interface SyslogOrigin {
  readonly hostName: string;
  readonly processId: number;
}

export interface SyslogMessage {
  readonly atMs: number;
  /** `DICOM+RFC3881` for audit messages (PS3.15 A.6). */
  readonly messageId: string;
  /** UTF-8 text of any length. */
  readonly text: string;
}

/** Facility 10 (security/authorization), severity 5 (notice): PS3.15 A.6. */
const priority = 10 * 8 + 5;
const byteOrderMark = '\ufeff';

/**
 * One message as it stands on the wire: octet counting (RFC 5425 4.3), RFC 5424 header without structured data, the
 * text as UTF-8 behind its mark (RFC 5424 6.4).
 */
export function syslogFrame(message: SyslogMessage, origin: SyslogOrigin): Buffer {
  const { atMs, messageId, text } = message;
  const header = `<${priority}>1 ${new Date(atMs).toISOString()} ${hostToken(origin.hostName)} lumbar-node ${origin.processId} ${messageId} -`;
  const body = Buffer.from(`${header} ${byteOrderMark}${text}`, 'utf8');
  return Buffer.concat([Buffer.from(`${body.length} `, 'latin1'), body]);
}

/** HOSTNAME is printable ASCII without spaces, at most 255 of them; `-` when unknown. */
function hostToken(name: string): string {
  const token = name.replace(/[^\x21-\x7e]/g, '').slice(0, 255);
  return token === '' ? '-' : token;
}
