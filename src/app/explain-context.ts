import type { ExplainContext } from '../admin/explain/explanation.ts';
import type { DestinationFacts } from '../admin/ports.ts';
import type { SiteTime } from '../admin/site-time.ts';
import type { LoadedConfig } from '../core/config/index.ts';
import { modelFigures } from './model-figures.ts';

/** What an explanation takes from the configuration as it is now; terminal and web console share it. */
export function explainContext(
  { config, entries }: LoadedConfig,
  time: SiteTime,
  nowMs: number,
): ExplainContext {
  const places = new Map(
    entries.flatMap(({ path, origin }) =>
      origin.kind === 'file' ? [[path, `${origin.file}:${origin.line}`] as const] : [],
    ),
  );
  return {
    time,
    nowMs,
    destinations: config.pacs.map(
      ({
        name,
        host,
        port,
        calledAeTitle,
        callingAeTitle,
        deliver,
        storageCommitment,
      }): DestinationFacts => ({
        name,
        host,
        port,
        calledAe: calledAeTitle,
        callingAe: callingAeTitle,
        deliver,
        storageCommitment,
      }),
    ),
    figure: modelFigures(config.model.folder),
    placeOf: (path) => places.get(path),
    quietTimeMs: config.results.study.quietTime,
  };
}
