import type { ExplainContext } from '../admin/explain/explanation.ts';
import type { DestinationFacts } from '../admin/ports.ts';
import type { SiteTime } from '../admin/site-time.ts';
import type { LoadedConfig } from '../core/config/index.ts';
import { modelFigures } from './model-figures.ts';
import { settingPlaces } from './setting-places.ts';

/** What an explanation takes from the configuration as it is now; terminal and web console share it. */
export function explainContext(loaded: LoadedConfig, time: SiteTime, nowMs: number): ExplainContext {
  const { config } = loaded;
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
    placeOf: settingPlaces(loaded),
    quietTimeMs: config.results.study.quietTime,
  };
}
