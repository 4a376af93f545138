import { type Uid, uuidV5Uid } from '../dicom/uid.ts';
import type { ModelFacts, NodeFacts, ResultContext } from './result-input.ts';

/**
 * UIDs of everything the node makes: `2.25` + UUIDv5 of what determines the object (PS3.5 B.2). The same inputs
 * give the same UID on every run, so that a repeated send is the same object; a changed result needs `revision` + 1,
 * because an archive keeps the first bytes it saw under a UID.
 */
export type InstanceKind = 'sr' | 'sc' | 'gsps' | 'pmap';

/** What of the node every UID depends on. */
export type NodeNames = Pick<NodeFacts, 'nodeId' | 'uidNamespace'>;

export interface InstanceIdentity {
  readonly kind: InstanceKind;
  /** Source SOP Instance UIDs in any order. */
  readonly sources: readonly string[];
  /** Starts at 1. */
  readonly revision: number;
  /** The SR class on which the tree is carried: a fall-back class is another instance. */
  readonly variant?: string;
}

export function instanceUid({ node, model }: ResultContext, identity: InstanceIdentity): Uid {
  return derive(
    node,
    identity.variant === undefined ? identity.kind : `${identity.kind}/${identity.variant}`,
    [...identity.sources].sort().join(','),
    model.sha256,
    node.configSha256,
    String(identity.revision),
  );
}

/** One series per study, model and kind: a re-send joins it, a new model opens a new one. */
export function seriesUid({ node, model, study }: ResultContext, kind: InstanceKind): Uid {
  return derive(node, `series/${kind}`, study.studyInstanceUid, model.sha256);
}

/**
 * Device UID (0018,1002) and Device Observer UID: this node running this model. It changes when the model is
 * retrained (IHE AIR 6.5.3.1) and not with source, configuration or revision.
 */
export function deviceUid(node: NodeNames, model: Pick<ModelFacts, 'name' | 'version' | 'sha256'>): Uid {
  return derive(node, 'device', model.name, model.version, model.sha256);
}

/** Tracking Unique Identifier (112040 DCM): the same finding keeps it over revisions and SR classes. */
export function trackingUid(
  { node, model }: ResultContext,
  sourceSopInstanceUid: string,
  classId: string,
): Uid {
  return derive(node, 'tracking', sourceSopInstanceUid, model.sha256, node.configSha256, classId);
}

/** Dimension Organization UID and the like inside one instance. */
export function partUid(node: NodeFacts, instance: string, part: string): Uid {
  return derive(node, `part/${part}`, instance);
}

function derive(node: NodeNames, ...parts: readonly string[]): Uid {
  return uuidV5Uid(node.uidNamespace, node.nodeId, ...parts);
}
