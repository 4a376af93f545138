import type { AlertChannel, AlertMessage, AlertSource } from './message.ts';

export interface WebhookOptions {
  readonly url: string;
  readonly token?: string | undefined;
}

/** Alerts over HTTP: a small JSON object by POST, no redirect followed, anything but 2xx is a failure. */
export function webhookChannel({ url, token }: WebhookOptions, source: AlertSource): AlertChannel {
  return {
    name: 'webhook',
    send: async (message, signal) => {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        signal,
        headers: {
          'Content-Type': 'application/json',
          'Idempotency-Key': message.id,
          ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
        },
        body: JSON.stringify(webhookBody(message, source)),
      });
      await response.body?.cancel();
      if (!response.ok) throw new Error(`the webhook answered ${response.status}`);
    },
  };
}

/** What is sent: stable names, no patient data, `text` for chat programs that show nothing else. */
export function webhookBody(message: AlertMessage, source: AlertSource) {
  const { id, kind, cause, summary, advice, startedAtMs, recoveredAtMs } = message;
  const word = { started: 'ALERT', recovered: 'RECOVERED', test: 'TEST' }[kind];
  return {
    schema: 1,
    id,
    kind,
    cause,
    summary,
    advice,
    startedAt: new Date(startedAtMs).toISOString(),
    ...(recoveredAtMs === undefined ? {} : { recoveredAt: new Date(recoveredAtMs).toISOString() }),
    node: { aeTitle: source.aeTitle, stationName: source.stationName, version: source.version },
    text: `[${source.aeTitle}] ${word}: ${summary}${advice === '' ? '' : ` ${advice}`}`,
  };
}
