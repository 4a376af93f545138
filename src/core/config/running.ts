import { err, ok, type Result } from '../result.ts';
import { type ConfigEntry, hashOfEntries, type LoadedConfig, secretMask } from './load.ts';
import { completeConfig } from './node-config.ts';
import { nodeConfigSchema } from './schema/index.ts';
import { allSettings, type Setting, settingTree, valueAt } from './setting-tree.ts';

/**
 * What a running service may take over of a new configuration: everything but the settings that need a restart,
 * which keep their running values, so that no two processes ever work on different folders, ports or models. The
 * error names what does not go together when a setting waits for a restart and its neighbour does not.
 */
export function keepUntilRestart(
  running: LoadedConfig,
  wanted: LoadedConfig,
): Result<LoadedConfig, readonly string[]> {
  const held = restartSettings().filter(
    (name) => JSON.stringify(at(running.config, name)) !== JSON.stringify(at(wanted.config, name)),
  );
  if (held.length === 0) return ok(wanted);
  const settings = structuredClone(wanted.settings) as Record<string, unknown>;
  for (const name of held) setAt(settings, name, at(running.settings, name));
  const parsed = nodeConfigSchema.safeParse(settings);
  if (!parsed.success)
    return err(parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`));
  const config = completeConfig(parsed.data);
  const isHeld = ({ path }: ConfigEntry): boolean =>
    held.some((name) => path === name || path.startsWith(`${name}.`));
  const entries = [
    ...running.entries.filter(isHeld),
    ...wanted.entries
      .filter((entry) => !isHeld(entry))
      .map((entry) => (entry.value === secretMask ? entry : { ...entry, value: at(config, entry.path) })),
  ];
  return ok({ config, sha256: hashOfEntries(entries), entries, settings });
}

/** The outermost settings that need a restart; the schema has none inside a list. */
function restartSettings(): readonly string[] {
  const names = allSettings(settingTree(nodeConfigSchema))
    .filter(({ restart }: Setting) => restart)
    .map(({ name }) => name);
  return names.filter(
    (name) => !names.some((outer) => name.startsWith(`${outer}.`) || name.startsWith(`${outer}[`)),
  );
}

function at(tree: unknown, name: string): unknown {
  return valueAt(tree, name.split('.'));
}

function setAt(tree: Record<string, unknown>, name: string, value: unknown): void {
  const steps = name.split('.');
  const last = steps.pop() ?? '';
  let level = tree;
  for (const step of steps) {
    if (typeof level[step] !== 'object' || level[step] === null) level[step] = {};
    level = level[step] as Record<string, unknown>;
  }
  if (value === undefined) Reflect.deleteProperty(level, last);
  else level[last] = value;
}

/** The configuration for somebody who only reads by it: secrets masked, and not even the written settings in it. */
export function withoutSecrets({ config, sha256, entries }: LoadedConfig): LoadedConfig {
  const shown = structuredClone(config) as unknown as Record<string, unknown>;
  for (const { path, value } of entries) if (value === secretMask) setAt(shown, path, secretMask);
  return { config: shown as unknown as LoadedConfig['config'], sha256, entries, settings: null };
}
