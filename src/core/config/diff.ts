import type { LoadedConfig } from './load.ts';
import { nodeConfigSchema } from './schema/index.ts';
import { settingAt, settingTree, valueAt } from './setting-tree.ts';

/** One effective setting that differs between two configurations; `undefined` where it is absent. Secrets are masked. */
export interface ConfigChange {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  /** True when the running service keeps the old value until it is restarted. */
  readonly needsRestart: boolean;
}

/**
 * What a reload changes, in the order of the schema. A changed secret is listed with both values masked; whether it
 * changed is seen in the configurations themselves.
 */
export function diffConfig(before: LoadedConfig, after: LoadedConfig): readonly ConfigChange[] {
  const root = settingTree(nodeConfigSchema);
  const old = new Map(before.entries.map((entry) => [entry.path, entry.value]));
  const fresh = new Map(after.entries.map((entry) => [entry.path, entry.value]));
  const paths = [...new Set([...fresh.keys(), ...old.keys()])];
  return paths.flatMap((path) => {
    const steps = path.split('.').map((step) => (/^\d+$/.test(step) ? Number(step) : step));
    const same =
      JSON.stringify(valueAt(before.config, steps)) === JSON.stringify(valueAt(after.config, steps));
    if (same && old.has(path) === fresh.has(path)) return [];
    return [
      {
        path,
        before: old.get(path),
        after: fresh.get(path),
        needsRestart: settingAt(root, steps)?.restart ?? false,
      },
    ];
  });
}

/** The difference as lines for people: `~ listener.port: 104 -> 11112 (restart)`. */
export function formatChanges(changes: readonly ConfigChange[]): string {
  if (changes.length === 0) return 'Nothing changed.\n';
  const lines = changes.map(({ path, before, after, needsRestart }) => {
    const tail = needsRestart ? ' (needs a restart)' : '';
    if (before === undefined) return `+ ${path}: ${JSON.stringify(after)}${tail}`;
    if (after === undefined) return `- ${path}: ${JSON.stringify(before)}${tail}`;
    return `~ ${path}: ${JSON.stringify(before)} -> ${JSON.stringify(after)}${tail}`;
  });
  return `${lines.join('\n')}\n`;
}
