import type { LoadedConfig } from '../core/config/index.ts';

/** `pacs.yaml:6` for a path such as `pacs.0.calledAeTitle`; undefined for what no file sets. */
export function settingPlaces({ entries }: LoadedConfig): (path: string) => string | undefined {
  const places = new Map(
    entries.flatMap(({ path, origin }) =>
      origin.kind === 'file' ? [[path, `${origin.file}:${origin.line}`] as const] : [],
    ),
  );
  return (path) => places.get(path);
}
