import { loadConfig } from '../core/config/index.ts';

/** Whether the configuration files on disk are valid now, read at most twice a minute. */
export function watchConfigFiles(configFolder: string, monotonicMs: () => number): { valid(): boolean } {
  let known = true;
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  return {
    valid: () => {
      const nowMs = monotonicMs();
      if (nowMs - lookedAtMs >= 30_000) {
        known = loadConfig(configFolder, process.env).ok;
        lookedAtMs = nowMs;
      }
      return known;
    },
  };
}
