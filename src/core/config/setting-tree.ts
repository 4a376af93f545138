import { z } from 'zod';
import type { PathStep } from '../yaml-document.ts';

/**
 * What the schema says about one setting, as plain data: the reference page, `config explain`, suggestions,
 * environment overrides and secret masking all read this and nothing else.
 */
export interface Setting {
  /** Dotted name; `[]` stands for a list item and `<name>` for a free key: `pacs[].timeouts.connect`. */
  readonly name: string;
  readonly kind: 'group' | 'list' | 'map' | 'value';
  /** text, integer, number, boolean, group, list or map. */
  readonly type: string;
  readonly description: string;
  readonly unit: string | undefined;
  readonly range: string | undefined;
  readonly choices: readonly string[];
  /** As it would be written in the file; undefined when there is none. */
  readonly defaultValue: unknown;
  readonly required: boolean;
  readonly secret: boolean;
  /** A change takes effect only after a restart; inherited by everything inside. */
  readonly restart: boolean;
  readonly children: ReadonlyMap<string, Setting>;
  readonly item: Setting | undefined;
}

interface JsonSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly additionalProperties?: JsonSchema | boolean;
  readonly 'x-unit'?: string;
  readonly 'x-range'?: string;
  readonly 'x-secret'?: boolean;
  readonly 'x-restart'?: boolean;
}

/** Reads a zod schema into a tree of settings; the root has an empty name. */
export function settingTree(schema: z.ZodType): Setting {
  return toSetting(z.toJSONSchema(schema, { io: 'input' }) as JsonSchema, '', {
    required: true,
    restart: false,
  });
}

function toSetting(
  schema: JsonSchema,
  name: string,
  above: { readonly required: boolean; readonly restart: boolean },
): Setting {
  const restart = above.restart || schema['x-restart'] === true;
  const free = typeof schema.additionalProperties === 'object' ? schema.additionalProperties : undefined;
  const kind = schema.properties ? 'group' : schema.items ? 'list' : free ? 'map' : 'value';
  const inner = schema.items ?? free;
  const prefix = name === '' ? '' : `${name}.`;
  return {
    name,
    kind,
    type: kind === 'value' ? valueType(schema) : kind,
    description: schema.description ?? '',
    unit: schema['x-unit'] ?? inner?.['x-unit'],
    range: schema['x-range'] ?? numberRange(schema),
    choices: (schema.enum ?? schema.items?.enum ?? []).map(String),
    defaultValue: schema.default,
    required: above.required && schema.default === undefined,
    secret: schema['x-secret'] === true,
    restart,
    children: new Map(
      Object.entries(schema.properties ?? {}).map(([key, value]) => [
        key,
        toSetting(value, prefix + key, { required: schema.required?.includes(key) ?? false, restart }),
      ]),
    ),
    item:
      inner && toSetting(inner, schema.items ? `${name}[]` : `${prefix}<name>`, { required: false, restart }),
  };
}

function valueType(schema: JsonSchema): string {
  if (schema.enum) return 'choice';
  return schema.type === 'string' ? 'text' : (schema.type ?? 'text');
}

function numberRange(schema: JsonSchema): string | undefined {
  const low = schema.exclusiveMinimum === undefined ? schema.minimum : `above ${schema.exclusiveMinimum}`;
  const high = schema.exclusiveMaximum === undefined ? schema.maximum : `below ${schema.exclusiveMaximum}`;
  if (low === undefined && high === undefined) return undefined;
  return [low, high].filter((end) => end !== undefined).join(' to ');
}

/** The setting at a path of the configuration, or undefined when the schema knows none there. */
export function settingAt(root: Setting, path: readonly PathStep[]): Setting | undefined {
  let setting: Setting | undefined = root;
  for (const step of path)
    setting = setting?.children.get(String(step)) ?? (setting?.kind === 'group' ? undefined : setting?.item);
  return setting;
}

/** What stands at a path of a value, or undefined. */
export function valueAt(tree: unknown, path: readonly PathStep[]): unknown {
  let value = tree;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[String(step)];
  }
  return value;
}

/** Every setting that is not a group, depth first in schema order. */
export function allSettings(root: Setting): readonly Setting[] {
  const inside = [...root.children.values(), ...(root.item ? [root.item] : [])].flatMap(allSettings);
  return root.name === '' ? inside : [root, ...inside];
}

/** The path that a loosely written name means (`MAX_PDU_LENGTH` for `maxPduLength`), or undefined. */
export function pathOfLooseName(root: Setting, steps: readonly string[]): readonly PathStep[] | undefined {
  const path: PathStep[] = [];
  let setting: Setting | undefined = root;
  for (const step of steps) {
    if (setting?.kind === 'list' && /^\d+$/.test(step)) {
      path.push(Number(step));
      setting = setting.item;
    } else if (setting?.kind === 'map') {
      path.push(step);
      setting = setting.item;
    } else {
      const key: string | undefined = [...(setting?.children.keys() ?? [])].find(
        (candidate) => loose(candidate) === loose(step),
      );
      if (key === undefined) return undefined;
      path.push(key);
      setting = setting?.children.get(key);
    }
  }
  return setting === undefined ? undefined : path;
}

/** A name without what people vary: case, underscores, hyphens. */
export function loose(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '');
}

/** The candidate nearest to a misspelled word, or undefined when none is near (a third of the letters may differ). */
export function nearest(word: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance =
      loose(candidate) === loose(word) ? 0 : editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Optimal string alignment distance: insertions, deletions, substitutions and swapped neighbours count one each. */
function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let cost = Math.min(
        (row[j - 1] ?? 0) + 1,
        (rows[i - 1]?.[j] ?? 0) + 1,
        (rows[i - 1]?.[j - 1] ?? 0) + same,
      );
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, (rows[i - 2]?.[j - 2] ?? 0) + 1);
      row.push(cost);
    }
    rows.push(row);
  }
  return rows[a.length]?.[b.length] ?? 0;
}
