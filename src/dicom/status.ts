/** What a DIMSE status means for the one who asked (PS3.7 Annex C). */
export type StatusCategory = 'success' | 'pending' | 'warning' | 'failure' | 'cancel';

export interface DimseStatus {
  readonly code: number;
  readonly category: StatusCategory;
  /** Plain English, for a person. */
  readonly name: string;
}

/** Status codes that this node itself answers with. */
export const statusCode = {
  success: 0x0000,
  processingFailure: 0x0110,
  noSuchSopInstance: 0x0112,
  duplicateInvocation: 0x0210,
  unrecognisedOperation: 0x0211,
  mistypedArgument: 0x0212,
  sopClassNotSupported: 0x0122,
  notAuthorised: 0x0124,
  outOfResources: 0xa700,
  dataSetDoesNotMatchSopClass: 0xa900,
  cannotUnderstand: 0xc000,
} as const;

const names: ReadonlyMap<number, string> = new Map([
  [0x0000, 'success'],
  [0x0001, 'requested optional attributes are not supported'],
  [0x0105, 'no such attribute'],
  [0x0106, 'invalid attribute value'],
  [0x0107, 'attribute list error'],
  [0x0110, 'processing failure'],
  [0x0111, 'duplicate SOP instance'],
  [0x0112, 'no such SOP instance'],
  [0x0113, 'no such event type'],
  [0x0114, 'no such argument'],
  [0x0115, 'invalid argument value'],
  [0x0116, 'attribute value out of range'],
  [0x0117, 'invalid SOP instance'],
  [0x0118, 'no such SOP class'],
  [0x0119, 'class-instance conflict'],
  [0x0120, 'missing attribute'],
  [0x0121, 'missing attribute value'],
  [0x0122, 'SOP class not supported'],
  [0x0123, 'no such action type'],
  [0x0124, 'refused: not authorised'],
  [0x0131, 'failed because of a claim to Storage Commitment'],
  [0x0210, 'duplicate invocation'],
  [0x0211, 'unrecognised operation'],
  [0x0212, 'mistyped argument'],
  [0x0213, 'resource limitation'],
  [0xb000, 'stored with coercion of data elements'],
  [0xb006, 'stored with elements discarded'],
  [0xb007, 'stored although the data set does not match the SOP class'],
  [0xfe00, 'cancelled'],
  [0xff00, 'pending'],
  [0xff01, 'pending, some optional keys not supported'],
]);

/**
 * Category and plain name of any 16-bit status, as C-STORE and the DIMSE-N services use them
 * (PS3.7 Annex C, PS3.4 B.2.3). Codes outside the standard's ranges count as failure: never assume success.
 */
export function describeStatus(code: number): DimseStatus {
  return { code, category: category(code), name: names.get(code) ?? rangeName(code) };
}

/** A status as people write it, e.g. `A700H`. */
export function formatStatus(code: number): string {
  return `${code.toString(16).toUpperCase().padStart(4, '0')}H`;
}

function category(code: number): StatusCategory {
  if (code === 0x0000) return 'success';
  if (code === 0xff00 || code === 0xff01) return 'pending';
  if (code === 0xfe00) return 'cancel';
  // PS3.7 Annex C.1: 0001H, 0107H and 0116H are the warnings outside the B000H range.
  if (code === 0x0001 || code === 0x0107 || code === 0x0116 || code >> 12 === 0xb) return 'warning';
  return 'failure';
}

function rangeName(code: number): string {
  if (code >> 8 === 0xa7) return 'refused: out of resources';
  if (code >> 8 === 0xa9) return 'the data set does not match the SOP class';
  if (code >> 12 === 0xa) return 'refused';
  if (code >> 12 === 0xb) return 'warning';
  if (code >> 12 === 0xc) return 'the data set cannot be understood';
  return 'unknown status, taken as a failure';
}
