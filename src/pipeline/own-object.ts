import { implementationClassUid } from '../dicom/uid.ts';
import type { ModelFacts, NodeFacts } from './result-input.ts';
import { deviceUid, type NodeNames } from './result-uids.ts';

/** What the loop guard looks at in a received object; every fact may be absent. */
export interface OriginFacts {
  /** (0002,0012) of the stored file or of the sender's association. */
  readonly implementationClassUid?: string;
  readonly manufacturer?: string;
  readonly manufacturerModelName?: string;
  readonly deviceUid?: string;
  /** Device UIDs in Contributing Equipment Sequence: an archive may rebuild our picture as its own object. */
  readonly contributingDeviceUids?: readonly string[];
}

/**
 * True when the object was made by this node or another node of this program: then it is never analysed
 * (reason S05). Any one mark is enough, because archives rewrite file meta information and gateways rewrite equipment.
 */
export function isOwnObject(
  facts: OriginFacts,
  node: Pick<NodeFacts, 'manufacturer' | 'manufacturerModelName'>,
  deviceUids: readonly string[],
): boolean {
  if (facts.implementationClassUid === implementationClassUid) return true;
  if (facts.deviceUid !== undefined && deviceUids.includes(facts.deviceUid)) return true;
  if ((facts.contributingDeviceUids ?? []).some((uid) => deviceUids.includes(uid))) return true;
  return (
    facts.manufacturer === node.manufacturer && facts.manufacturerModelName === node.manufacturerModelName
  );
}

/** The Device UIDs that mark objects of this node made with these models. */
export function ownDeviceUids(
  node: NodeNames,
  models: readonly Pick<ModelFacts, 'name' | 'version' | 'sha256'>[],
): readonly string[] {
  return models.map((model) => deviceUid(node, model));
}
