import { asNodeError, type NodeError } from '../core/errors.ts';
import { exitCodes } from './restart-policy.ts';

/**
 * True for faults after which this process must not go on: SQLite and the kernel report a failed fsync once and say
 * "ok" afterwards, so what was written cannot be trusted any more (reliability.md 4.5).
 */
export function mustStop(error: unknown): boolean {
  const { code } = asNodeError(error);
  return code === 'STORE_IO' || code === 'STORE_CORRUPT';
}

/** The exit code of a process that stops because of `error`; the supervisor's restart policy reads it. */
export function exitCodeOf(error: NodeError): number {
  if (error.code === 'CONFIG_INVALID') return exitCodes.config;
  if (error.code === 'STORE_LOCKED') return exitCodes.failed;
  if (error.code === 'NOT_FOUND') return exitCodes.notFound;
  if (error.code === 'STORE_CORRUPT') return exitCodes.dataError;
  return mustStop(error) ? exitCodes.ioError : exitCodes.software;
}
