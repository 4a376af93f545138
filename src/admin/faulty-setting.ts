import type { Refusal, RefusalPeer } from '../dicom/refusal-sentences.ts';

/** Where settings stand in the configuration of a site. */
export interface SettingPlaces {
  /** Which entry of `pacs` the destination is. */
  readonly index: number;
  /** `pacs.yaml:6` for a path such as `pacs.0.calledAeTitle`; undefined when it is a default. */
  readonly placeOf: (path: string) => string | undefined;
}

/**
 * The configuration line that a refusal points at, with its value: `pacs.yaml:6 (calledAeTitle: ARCHIVE2)`. Undefined
 * when no setting of this node is at fault, or when it stands nowhere.
 */
export function faultySetting(
  refusal: Refusal,
  peer: RefusalPeer,
  { index, placeOf }: SettingPlaces,
): string | undefined {
  const shown = (path: string, value: string | number): string | undefined => {
    const place = placeOf(path);
    return place === undefined ? undefined : `${place} (${path.split('.').at(-1) ?? path}: ${value})`;
  };
  const own = `pacs.${index}`;
  switch (refusal.kind) {
    case 'rejected':
      if (refusal.source !== 1) return undefined;
      if (refusal.reason === 7) return shown(`${own}.calledAeTitle`, peer.calledAe);
      if (refusal.reason === 2) return shown(`${own}.host`, peer.host);
      return shown(`${own}.callingAeTitle`, peer.callingAe) ?? shown('aeTitle', peer.callingAe);
    case 'unreachable':
    case 'timeout':
      return refusal.kind === 'timeout' && refusal.stage === 'response'
        ? undefined
        : shown(`${own}.host`, `${peer.host}, port ${peer.port}`);
    case 'context':
      return shown(`${own}.objects`, 'what is sent there');
    default:
      return undefined;
  }
}
