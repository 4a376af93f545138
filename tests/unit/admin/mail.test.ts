import { afterEach, describe, expect, test } from 'vitest';
import { mailChannel } from '../../../src/admin/alerts/mail.ts';
import type { AlertMessage } from '../../../src/admin/alerts/message.ts';
import { type SmtpSink, startSmtpSink } from '../../support/smtp-sink.ts';

const source = {
  aeTitle: 'LUMBAR_NODE',
  stationName: 'LUMBAR01',
  version: '0.1.0',
  timeZone: 'Europe/Zurich',
};
const message: AlertMessage = {
  id: '01JALERT.started',
  kind: 'started',
  cause: 'main:refusing',
  summary: 'The destination main has refused results for 12 min.',
  advice: 'Check that the PACS is up: lumbar-node echo main',
  startedAtMs: Date.UTC(2026, 10, 23, 14, 0, 0),
};

let sink: SmtpSink;
afterEach(() => sink.close());

function channel(tls: 'none' | 'starttls') {
  return mailChannel(
    { host: '127.0.0.1', port: sink.port, tls, from: 'node@hospital.example', to: ['a@hospital.example'] },
    source,
  );
}

describe('mail', () => {
  test('carries cause, sentence, advice and local time, and a stable Message-ID', async () => {
    sink = await startSmtpSink();
    await channel('none').send(message, AbortSignal.timeout(5000));
    expect(sink.messages).toHaveLength(1);
    const [mail = ''] = sink.messages;
    expect(mail).toContain('Subject: [LUMBAR_NODE] ALERT: main:refusing');
    expect(mail).toContain('Message-ID: <01JALERT.started@lumbar-node.invalid>');
    expect(mail).toContain('has refused results for 12 min.');
    expect(mail).toContain('2026-11-23T15:00:00.000+01:00');
    expect(mail).toContain('Auto-Submitted: auto-generated');
  });

  test('a relay that says "later" makes the attempt fail, so that it is repeated', async () => {
    sink = await startSmtpSink({ refusals: 1 });
    await expect(channel('none').send(message, AbortSignal.timeout(5000))).rejects.toThrow(/451/);
    await channel('none').send(message, AbortSignal.timeout(5000));
    expect(sink.messages).toHaveLength(1);
  });

  test('a relay without STARTTLS gets nothing when it is asked for', async () => {
    sink = await startSmtpSink();
    await expect(channel('starttls').send(message, AbortSignal.timeout(5000))).rejects.toThrow();
    expect(sink.messages).toHaveLength(0);
  });
});
