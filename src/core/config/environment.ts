import { type PathStep, parseYamlDocument } from '../yaml-document.ts';
import type { ConfigFault } from './faults.ts';
import { allSettings, nearest, pathOfLooseName, type Setting, settingAt } from './setting-tree.ts';

const prefix = 'LUMBAR__';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A setting that an environment variable replaces. */
export interface Override {
  readonly variable: string;
  readonly path: readonly PathStep[];
  readonly value: unknown;
}

/**
 * The overrides in the environment: `LUMBAR__LISTENER__PORT=11112` sets `listener.port`; two underscores go one
 * level down, a number is a list index, case and single underscores do not matter. The value is read like YAML where
 * the setting is not text. Unknown names are faults, because a silent typo would be a wrong setting.
 */
export function readOverrides(
  environment: Environment,
  root: Setting,
): { readonly overrides: readonly Override[]; readonly faults: readonly ConfigFault[] } {
  const overrides: Override[] = [];
  const faults: ConfigFault[] = [];
  for (const variable of Object.keys(environment).sort()) {
    const text = environment[variable];
    if (!variable.startsWith(prefix) || text === undefined) continue;
    const path = pathOfLooseName(root, variable.slice(prefix.length).split('__'));
    const setting = path && settingAt(root, path);
    if (path === undefined || setting === undefined) {
      const near = nearest(
        variable,
        allSettings(root).map((one) => variableNameOf(one.name)),
      );
      faults.push(
        environmentFault(variable, '', 'this variable names no setting', near && `did you mean ${near}?`),
      );
      continue;
    }
    overrides.push({
      variable,
      path,
      value:
        setting.kind === 'value' && ['text', 'choice'].includes(setting.type)
          ? text
          : parseYamlDocument(text).value,
    });
  }
  return { overrides, faults };
}

/** A fault whose place is an environment variable. */
export function environmentFault(
  variable: string,
  path: string,
  message: string,
  help: string | undefined,
): ConfigFault {
  return {
    file: `environment variable ${variable}`,
    span: undefined,
    sourceLine: undefined,
    path,
    message,
    help,
  };
}

/** The variable that overrides a setting: `pacs[].host` is `LUMBAR__PACS__0__HOST` for the first item. */
export function variableNameOf(name: string): string {
  return (
    prefix +
    name
      .replaceAll('[]', '.0')
      .split('.')
      .map((part) => part.toUpperCase())
      .join('__')
  );
}

/** A copy of `value` in which the overrides stand; groups and lists on the way are made when absent. */
export function applyOverrides(
  value: Readonly<Record<string, unknown>>,
  overrides: readonly Override[],
): Record<string, unknown> {
  const copy = structuredClone(value) as Record<string, unknown>;
  for (const { path, value: replacement } of overrides) {
    let level: Record<string, unknown> = copy;
    path.slice(0, -1).forEach((step, depth) => {
      const inner = level[String(step)];
      if (typeof inner !== 'object' || inner === null)
        level[String(step)] = typeof path[depth + 1] === 'number' ? [] : {};
      level = level[String(step)] as Record<string, unknown>;
    });
    level[String(path.at(-1))] = replacement;
  }
  return copy;
}
