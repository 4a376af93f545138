import type { NodeError } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import type { Inference } from '../pipeline/inference.ts';

/**
 * Which inference an attempt gets: the first the provider that the site prefers, every repetition the CPU, because a
 * graphics card that failed once stays suspect for as long as the process lives (reliability.md 4.5). The session on
 * the CPU is opened when it is first needed and kept.
 */
export function inferenceByAttempt(
  preferred: Inference,
  openOnCpu: () => Promise<Result<Inference, NodeError>>,
): (attempt: number) => Promise<Inference> {
  let onCpu: Promise<Inference> | undefined;
  const open = async (): Promise<Inference> => {
    const opened = await openOnCpu();
    if (opened.ok) return opened.value;
    onCpu = undefined;
    throw opened.error;
  };
  return (attempt) => {
    if (attempt === 1 || preferred.session.provider === 'cpu') return Promise.resolve(preferred);
    onCpu ??= open();
    return onCpu;
  };
}
