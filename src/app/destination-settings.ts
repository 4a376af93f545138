import { readFileSync } from 'node:fs';
import type { DestinationConfig } from '../core/config/index.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { reportSopClassUid } from '../pipeline/structured-report/structured-report.ts';
import type { DeliverySettings } from '../scu/delivery.ts';
import type { Destination } from '../scu/destination.ts';
import { defaultRetrySettings, type RetrySettings } from '../scu/retry-schedule.ts';
import type { CommitmentSettings } from '../scu/storage-commitment.ts';

const maxObjectsPerAssociation = 64;
/** How long an association stays open for a commitment report on it before it is released. */
const commitmentLingerMs = 2000;
const maxObjectsPerTransaction = 100;

/** A destination of pacs.yaml as the sender sees it; certificates are read here. */
export function destinationOf(config: DestinationConfig): Destination {
  const { name, host, port, calledAeTitle, callingAeTitle, tls, timeouts } = config;
  return {
    name,
    host,
    port,
    calledAeTitle,
    callingAeTitle,
    timeouts: { connectMs: timeouts.connect, associateMs: timeouts.associate, responseMs: timeouts.response },
    ...(tls === undefined
      ? {}
      : {
          tls: {
            minVersion: 'TLSv1.2' as const,
            ...(tls.ca === undefined ? {} : { ca: readFileSync(tls.ca) }),
            ...(tls.certificate === undefined ? {} : { cert: readFileSync(tls.certificate) }),
            ...(tls.key === undefined ? {} : { key: readFileSync(tls.key) }),
            ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
          },
        }),
  };
}

/** How results go there. */
export function deliverySettings(
  config: DestinationConfig & { readonly deliver: 'on' | 'shadow' },
  retry: RetrySettings = defaultRetrySettings,
): DeliverySettings {
  const syntax = transferSyntaxUid.explicitVrLittleEndian;
  const srClassUids = config.srClass.map((name) => reportSopClassUid[name]);
  return {
    destination: destinationOf(config),
    deliver: config.deliver,
    rate: config.rate,
    drainRate: Math.min(config.rate, 4),
    maxObjectsPerAssociation,
    srClassUids,
    usualKinds: [sopClassUid.secondaryCaptureImageStorage, ...srClassUids.slice(0, 1)].map((classUid) => ({
      sopClassUid: classUid,
      transferSyntaxUid: syntax,
    })),
    retry,
  };
}

export function commitmentSettings(config: DestinationConfig): CommitmentSettings {
  return {
    destination: destinationOf(config),
    lingerMs: commitmentLingerMs,
    reportDeadlineMs: config.timeouts.commitment,
    maxObjects: maxObjectsPerTransaction,
    retry: defaultRetrySettings,
  };
}
