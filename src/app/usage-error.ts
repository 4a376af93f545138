import { exitCodes } from './restart-policy.ts';

/** Options that do not fit together: the command line is wrong, not the work. */
export class UsageError extends Error {}

/** For `catch`: a usage error is printed and becomes exit code 2; anything else goes on. */
export function usageOr(error: unknown): number {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  return exitCodes.usage;
}
