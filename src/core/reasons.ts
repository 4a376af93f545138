/**
 * Stable reason codes: S scope, Q quality, T technical, C configuration, D delivery. The same code stands in the
 * SR, the audit log, the metrics, the console and `explain`.
 */
export const reasonCatalogue = {
  S01: { name: 'SOP_CLASS', text: 'not a CR or DX image' },
  S02: { name: 'VIEW_NOT_LATERAL', text: 'not a lateral view' },
  S03: { name: 'REGION_NOT_LUMBAR', text: 'not the lumbar spine' },
  S04: { name: 'FOR_PROCESSING', text: 'raw image (For Processing)' },
  S05: { name: 'OWN_OUTPUT', text: 'an object this node made itself' },
  S06: { name: 'DERIVED_SECONDARY', text: 'a derived or annotated copy' },
  S07: { name: 'QC_OR_PHANTOM', text: 'a quality-control image' },
  S08: { name: 'NOT_GRAYSCALE', text: 'not a single-sample grayscale image' },
  S09: { name: 'MULTIFRAME', text: 'more than one frame' },
  S10: { name: 'VIEW_UNKNOWN', text: 'the view cannot be told from the header' },
  S11: { name: 'REGION_UNKNOWN', text: 'the body region cannot be told from the header' },
  S12: { name: 'CONFLICT', text: 'attributes contradict one another' },
  S13: { name: 'STITCHED', text: 'a stitched or full-spine image' },
  S14: { name: 'SPOT_VIEW', text: 'a coned spot view' },
  S15: { name: 'DUPLICATE', text: 'already processed with this model and configuration' },
  S16: { name: 'DISMISSED', text: 'dismissed by an operator' },
  Q01: { name: 'OUT_OF_DISTRIBUTION', text: 'unlike the images the model was made for' },
  Q02: { name: 'TOO_SMALL', text: 'fewer pixels than the model needs' },
  Q03: { name: 'EMPTY_IMAGE', text: 'no contrast: empty, constant or clipped' },
  Q04: { name: 'CHARSET_AMBIGUOUS', text: 'patient text has no declared character set' },
  Q05: { name: 'MISSING_PATIENT_ID', text: 'no Patient ID, so a result could not be filed' },
  Q06: { name: 'OTHER_PICTURE', text: 'looks like another view, another body part or a mishandled picture' },
  T01: { name: 'UNDECODABLE', text: 'the pixel data cannot be decoded' },
  T02: { name: 'MODEL_TIMEOUT', text: 'the model did not finish in time' },
  T03: { name: 'WORKER_CRASH', text: 'the analysing process died' },
  T04: { name: 'MALFORMED', text: 'the data set is malformed' },
  T05: { name: 'LIMIT', text: 'the image exceeds a safety limit' },
  T06: { name: 'INTERNAL', text: 'an internal fault' },
  T07: { name: 'MODEL_UNAVAILABLE', text: 'no verified model is loaded' },
  D01: { name: 'WAITING', text: 'waiting to be sent' },
  D02: { name: 'PEER_UNREACHABLE', text: 'the destination cannot be reached' },
  D03: { name: 'PEER_REFUSED', text: 'the destination refused the object' },
  D04: { name: 'ASSOCIATION_REJECTED', text: 'the destination rejected the association' },
  D05: { name: 'CONTEXT_REFUSED', text: 'the destination does not take this kind of object' },
  D06: { name: 'HELD_BACK', text: 'held back by an operator' },
} as const;

export type ReasonCode = keyof typeof reasonCatalogue;

export interface Reason {
  readonly code: ReasonCode;
  /** What was seen, for the administrator; names attributes and values but never patient identifiers. */
  readonly detail: string;
}
