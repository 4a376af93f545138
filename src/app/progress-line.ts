const barWidth = 24;
const quietMs = 30_000;

/**
 * How far a command is. On a terminal one rewritten line with a bar, the rate and the time left; anywhere else a plain
 * line every 10 % or every 30 s. Rate and time left count from the first call, so work of an earlier run is not in them.
 */
export function progressReport(
  what: string,
  stream: Pick<NodeJS.WriteStream, 'write' | 'isTTY'> = process.stderr,
  nowMs: () => number = () => performance.now(),
): (done: number, total: number) => void {
  const startMs = nowMs();
  let first: number | undefined;
  let lastMs = startMs;
  let lastTenth = 0;
  return (done, total) => {
    first ??= done - 1;
    const elapsedMs = nowMs() - startMs;
    const perSecond = ((done - first) / Math.max(1, elapsedMs)) * 1000;
    const left = perSecond > 0 && done < total ? `, ${duration((total - done) / perSecond)} left` : '';
    const text = `${done} of ${total} ${what}, ${perSecond.toFixed(1)}/s${left}`;
    if (stream.isTTY) {
      const filled = Math.round((barWidth * done) / Math.max(1, total));
      const bar = '#'.repeat(filled) + '.'.repeat(barWidth - filled);
      stream.write(`\r[${bar}] ${text}\u001b[K${done === total ? '\n' : ''}`);
      return;
    }
    const tenth = Math.floor((10 * done) / Math.max(1, total));
    if (tenth === lastTenth && nowMs() - lastMs < quietMs) return;
    lastTenth = tenth;
    lastMs = nowMs();
    stream.write(`${text}\n`);
  };
}

function duration(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}
