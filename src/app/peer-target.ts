import type { NamedPeer } from '../admin/peers/peer-answer.ts';
import type { DestinationConfig, LoadedConfig } from '../core/config/index.ts';
import { asNodeError, NodeError } from '../core/errors.ts';
import { type Destination, refusalPeer } from '../scu/destination.ts';
import { destinationOf } from './destination-settings.ts';
import { settingPlaces } from './setting-places.ts';

/** A destination that a command names: to call it, and to say what is wrong with it. */
export interface PeerTarget {
  readonly destination: Destination;
  readonly config: DestinationConfig;
  readonly named: NamedPeer;
}

/** NOT_FOUND with the known names; CONFIG_INVALID when a certificate or key of it cannot be read. */
export function peerTarget(loaded: LoadedConfig, name: string): PeerTarget {
  const { config } = loaded;
  const index = config.pacs.findIndex((candidate) => candidate.name === name);
  const found = config.pacs[index];
  if (found === undefined)
    throw new NodeError(
      'NOT_FOUND',
      `no destination is named ${name}; pacs.yaml has ${config.pacs.map((one) => one.name).join(', ')}`,
    );
  const destination = withItsCertificates(found);
  return {
    destination,
    config: found,
    named: { peer: refusalPeer(destination), index, placeOf: settingPlaces(loaded) },
  };
}

function withItsCertificates(config: DestinationConfig): Destination {
  try {
    return destinationOf(config);
  } catch (cause) {
    throw new NodeError(
      'CONFIG_INVALID',
      `tls of ${config.name} in pacs.yaml: ${asNodeError(cause).message}`,
      {
        cause,
      },
    );
  }
}
