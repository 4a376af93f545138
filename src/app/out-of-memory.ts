import { writeFileSync } from 'node:fs';

/**
 * Says which process the kernel should take first when memory runs out (`oom_score_adj`, proc(5); 0 to 1000, more is
 * taken sooner): the worker costs an attempt of one image, the sender a delay, the listener an association. A system
 * that does not let it be said is left to choose by itself.
 */
export function offerWhenMemoryRunsOut(adjustment: number): boolean {
  try {
    writeFileSync('/proc/self/oom_score_adj', String(adjustment));
    return true;
  } catch {
    return false;
  }
}
