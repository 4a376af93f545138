import { parseMoment, type SiteTime } from '../admin/site-time.ts';
import { err, ok, type Result } from '../core/result.ts';

/** A moment as it is typed after an option; an error is a sentence that says how to write one. */
export function readMoment(
  option: string,
  text: string,
  time: SiteTime,
  nowMs: number,
): Result<number, string> {
  const at = parseMoment(text, time, nowMs);
  return at === undefined
    ? err(`--${option} ${text}: write 2026-11-23, "2026-11-23 14:05", 14:05 (today), or 2h, 3d (ago)`)
    : ok(at);
}
