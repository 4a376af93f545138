import { NodeError } from './errors.ts';

/** Faults of lack: answered with "out of resources", the disk itself can still be trusted. */
const lackCodes: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOMEM', 'EFBIG']);

/**
 * What a failed file operation means: STORE_FULL for lack of space or descriptors, STORE_IO for everything after which
 * the disk cannot be trusted. A failed fsync is never mere lack: what the kernel had promised may be gone.
 * `where` ends the message, such as "in the spool".
 */
export function diskFault(error: unknown, where: string): NodeError {
  if (error instanceof NodeError) return error;
  const { code = 'unknown', syscall = 'writing' } = error as NodeJS.ErrnoException;
  const isLack = lackCodes.has(code) && syscall !== 'fdatasync' && syscall !== 'fsync';
  return new NodeError(isLack ? 'STORE_FULL' : 'STORE_IO', `${syscall} ${where} failed: ${code}`, {
    cause: error,
  });
}
