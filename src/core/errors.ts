/**
 * Every fault the node can name. The prefix says which room it belongs to; `retryable` says whether the same
 * input may succeed later without anybody changing anything.
 */
export const errorCatalogue = {
  CONFIG_INVALID: { retryable: false, text: 'The configuration has faults; nothing was changed.' },
  DATASET_TRUNCATED: { retryable: false, text: 'The data set ends before its declared length.' },
  DATASET_MALFORMED: { retryable: false, text: 'The data set breaks the encoding rules of PS3.5.' },
  DATASET_LIMIT: { retryable: false, text: 'The data set exceeds a size, depth or count limit.' },
  DATASET_MISSING_ATTRIBUTE: { retryable: false, text: 'An attribute that the work needs is absent.' },
  DATASET_CHARSET: { retryable: false, text: 'Text cannot be decoded by its character set.' },
  PIXEL_UNSUPPORTED: { retryable: false, text: 'The pixel encoding is not one this node decodes.' },
  PIXEL_LIMIT: { retryable: false, text: 'The image is larger than the decode limit.' },
  PIXEL_CORRUPT: { retryable: false, text: 'The compressed pixel data cannot be decoded.' },
  SCP_PROTOCOL: { retryable: false, text: 'The peer broke the upper-layer protocol (PS3.8).' },
  SCP_REFUSED: { retryable: false, text: 'The association was refused by policy.' },
  SCP_LIMIT: { retryable: true, text: 'A limit of this node was reached; try again later.' },
  STORE_IO: { retryable: true, text: 'The disk or the database reported an I/O error.' },
  STORE_BUSY: { retryable: true, text: 'Another process held the database for longer than the wait.' },
  STORE_FULL: { retryable: true, text: 'The free space is below the watermark.' },
  STORE_NEWER_SCHEMA: { retryable: false, text: 'The database was written by a newer release.' },
  STORE_UNSAFE: { retryable: false, text: 'The database is not set to survive a power cut.' },
  STORE_LOCKED: { retryable: false, text: 'Another node is running on the same data folder.' },
  STORE_CORRUPT: { retryable: false, text: 'The database failed its integrity check.' },
  MODEL_INVALID: { retryable: false, text: 'The model package is incomplete or inconsistent.' },
  MODEL_HASH: { retryable: false, text: 'The model file does not match its pinned SHA-256.' },
  MODEL_SIGNATURE: { retryable: false, text: 'The model package is not signed as this site requires.' },
  MODEL_ROLLBACK: { retryable: false, text: 'The model is older than one that has run here.' },
  MODEL_PROVIDER: { retryable: true, text: 'No execution provider could load the model.' },
  MODEL_GOLDEN: { retryable: false, text: 'The golden self-test gave other numbers than recorded.' },
  MODEL_OUTPUT: { retryable: true, text: 'The model returned values that are not numbers.' },
  RESULT_INVALID: {
    retryable: false,
    text: 'A result object would have broken the standard and was not built.',
  },
  SCU_CONNECT: { retryable: true, text: 'The destination could not be reached.' },
  SCU_REJECTED: { retryable: true, text: 'The destination rejected the association.' },
  SCU_CONTEXT: { retryable: false, text: 'The destination did not accept the presentation context.' },
  SCU_ABORTED: { retryable: true, text: 'The association was aborted or lost before the answer.' },
  SCU_TIMEOUT: { retryable: true, text: 'The destination did not answer in time.' },
  SCU_STATUS: { retryable: false, text: 'The destination answered with a failure status.' },
  WORKER_LOST: { retryable: true, text: 'The worker process died or was stopped.' },
  NOT_FOUND: { retryable: false, text: 'Nothing matches.' },
  BUG_INVARIANT: { retryable: false, text: 'A rule of the program itself was broken.' },
} as const;

export type ErrorCode = keyof typeof errorCatalogue;

/**
 * An error with a stable code. `message` must never carry patient identifiers: it is logged.
 * `retryable` defaults to the catalogue.
 */
export class NodeError extends Error {
  readonly code: ErrorCode;
  readonly retryable: boolean;

  constructor(
    code: ErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'NodeError';
    this.code = code;
    this.retryable = options.retryable ?? errorCatalogue[code].retryable;
  }
}

/** The value as a NodeError; anything unknown becomes BUG_INVARIANT with its cause kept. */
export function asNodeError(value: unknown): NodeError {
  if (value instanceof NodeError) return value;
  const message = value instanceof Error ? value.message : String(value);
  return new NodeError('BUG_INVARIANT', message, { cause: value });
}

/** An error that came from another thread or process as its code and text. */
export function carriedFault({
  code,
  message,
}: {
  readonly code: string;
  readonly message: string;
}): NodeError {
  return new NodeError(code in errorCatalogue ? (code as ErrorCode) : 'BUG_INVARIANT', message);
}
