import { createTransport } from 'nodemailer';
import { alertBody, alertSubject } from './alert-text.ts';
import type { AlertChannel, AlertSource } from './message.ts';

export interface MailOptions {
  readonly host: string;
  readonly port: number;
  /** `starttls` insists on it: a relay that does not offer it gets no mail. */
  readonly tls: 'none' | 'starttls' | 'tls';
  readonly from: string;
  readonly to: readonly string[];
  readonly user?: string | undefined;
  readonly password?: string | undefined;
}

const timeouts = { connectionTimeout: 15_000, greetingTimeout: 15_000, socketTimeout: 30_000 };

/** The one door to nodemailer: alerts by mail (RFC 5321), one connection a message, files and URLs never attached. */
export function mailChannel(options: MailOptions, source: AlertSource): AlertChannel {
  const { host, port, tls, user } = options;
  const transport = createTransport({
    host,
    port,
    secure: tls === 'tls',
    requireTLS: tls === 'starttls',
    ignoreTLS: tls === 'none',
    disableFileAccess: true,
    disableUrlAccess: true,
    ...timeouts,
    ...(user === undefined ? {} : { auth: { user, pass: options.password ?? '' } }),
  });
  return {
    name: 'mail',
    send: async (message) => {
      await transport.sendMail({
        from: options.from,
        to: [...options.to],
        subject: alertSubject(message, source),
        text: alertBody(message, source),
        messageId: `<${message.id}@lumbar-node.invalid>`,
        headers: { 'Auto-Submitted': 'auto-generated' },
      });
    },
  };
}
