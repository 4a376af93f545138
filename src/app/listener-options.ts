import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import type { NodeConfig, SenderConfig } from '../core/config/index.ts';
import type { AllowedSender } from '../scp/association-policy.ts';
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
      senders: [...config.senders.map(allowedSender), ...reportingArchives(config)],
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
            ...(tls.crl === undefined ? {} : { crl: readFileSync(tls.crl) }),
          },
        }),
  };
}

function allowedSender({ aeTitle, cidr, certificateSha256, maxAssociations }: SenderConfig): AllowedSender {
  return {
    aeTitle,
    cidr,
    maxAssociations,
    ...(certificateSha256 === undefined ? {} : { certificateSha256 }),
  };
}

/**
 * Archives that report storage commitment on an association of their own (PS3.4 J.3.3): they may call from the address
 * they are configured with. One that is named by a host name must be listed in senders.yaml with its network.
 */
function reportingArchives(config: NodeConfig): AllowedSender[] {
  return config.pacs
    .filter(({ storageCommitment, host }) => storageCommitment === 'on' && isIP(host) !== 0)
    .map(({ calledAeTitle, host, maxAssociations }) => ({
      aeTitle: calledAeTitle,
      cidr: [`${host}/${isIP(host) === 4 ? 32 : 128}`],
      maxAssociations,
    }));
}
