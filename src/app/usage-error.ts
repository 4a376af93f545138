import { NodeError } from '../core/errors.ts';
import { exitCodes } from './restart-policy.ts';

/** Options that do not fit together, or a file named on the command line that is not there. */
export class UsageError extends Error {}

/**
 * For `catch` of a command about models: a wrong command line ends with 2, nothing of that name with 4, a package or file
 * that does not hold with 1, each with its sentence. Anything else goes on.
 */
export function commandFault(error: unknown): number {
  const code = exitCodeOfFault(error);
  if (code === undefined) throw error;
  process.stderr.write(`${(error as Error).message}\n`);
  return code;
}

function exitCodeOfFault(error: unknown): number | undefined {
  if (error instanceof UsageError) return exitCodes.usage;
  if (!(error instanceof NodeError)) return undefined;
  if (error.code === 'NOT_FOUND') return exitCodes.notFound;
  return error.code.startsWith('MODEL_') ? exitCodes.failed : undefined;
}
