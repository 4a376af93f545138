/** One place at which a process is killed: when one of its threads makes this system call for the `when`-th time. */
export interface CrashPoint {
  readonly call: string;
  readonly when: number;
}

/** Calls of an `strace -f` output by name, in the thread that makes each most often: strace counts per thread, too. */
export function callsOfTrace(text: string): ReadonlyMap<string, number> {
  const perThread = new Map<string, number>();
  const most = new Map<string, number>();
  for (const [, thread = '', call = ''] of text.matchAll(/^(\d+) +([a-z0-9_]+)\(/gm)) {
    const key = `${thread} ${call}`;
    const count = (perThread.get(key) ?? 0) + 1;
    perThread.set(key, count);
    most.set(call, Math.max(most.get(call) ?? 0, count));
  }
  return most;
}

/** Every call from the first to the last; of a call that is made more often than `most` times, as many spread evenly. */
export function pointsOf(calls: ReadonlyMap<string, number>, most: number): readonly CrashPoint[] {
  return [...calls].flatMap(([call, count]) => {
    const points = Math.min(count, most);
    return Array.from({ length: points }, (_, index) => ({
      call,
      when: points === count ? index + 1 : 1 + Math.round((index * (count - 1)) / (points - 1)),
    }));
  });
}
