import { mailChannel } from '../admin/alerts/mail.ts';
import type { AlertChannel, AlertSource } from '../admin/alerts/message.ts';
import { webhookChannel } from '../admin/alerts/webhook.ts';
import type { NodeConfig } from '../core/config/index.ts';
import { product } from './product.ts';

/** The configured ways to tell people; none when nobody is configured. */
export function alertChannels(config: NodeConfig): AlertChannel[] {
  const { webhook, mail } = config.alerts;
  const source: AlertSource = {
    aeTitle: config.aeTitle,
    stationName: config.institution.stationName ?? '',
    version: product.version,
    timeZone: config.timeZone,
  };
  return [
    ...(webhook === undefined ? [] : [webhookChannel(webhook, source)]),
    ...(mail === undefined ? [] : [mailChannel(mail, source)]),
  ];
}

/** How long a receiver may take for one message. */
export function sendTimeoutMs(config: NodeConfig): number {
  return config.alerts.webhook?.timeout ?? 30_000;
}
