import { readFileSync } from 'node:fs';
import type { NodeConfig } from '../core/config/index.ts';
import type { ListenerOptions } from '../scp/listener.ts';

/** The door as the configuration wants it; certificates are read here, so that a reload reads them again. */
export function listenerOptions(config: NodeConfig, spoolDir: string): ListenerOptions {
  const { listener, storage } = config;
  const { tls } = listener;
  return {
    host: listener.host,
    port: listener.port,
    spoolDir,
    maxPduLength: listener.maxPduLength,
    timeouts: {
      artimTimeoutMs: listener.artimTimeout,
      pduTimeoutMs: listener.pduTimeout,
      idleTimeoutMs: listener.idleTimeout,
    },
    policy: {
      calledAeTitle: config.aeTitle,
      senders: config.senders.map(({ aeTitle, cidr, certificateSha256, maxAssociations }) => ({
        aeTitle,
        cidr,
        maxAssociations,
        ...(certificateSha256 === undefined ? {} : { certificateSha256 }),
      })),
      maxAssociations: listener.maxAssociations,
      minFreeBytes: storage.watermark,
      maxObjectBytes: listener.maxObjectSize,
    },
    ...(tls === undefined
      ? {}
      : {
          tls: {
            certificate: readFileSync(tls.certificate),
            key: readFileSync(tls.key),
            clientCertificates: tls.clientCertificates,
            ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
          },
        }),
  };
}
