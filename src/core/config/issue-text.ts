import type { z } from 'zod';
import type { PathStep } from '../yaml-document.ts';
import { allSettings, nearest, type Setting, settingAt } from './setting-tree.ts';

/** A schema issue in the administrator's words. `path` is where to point; `at` says at what. */
export interface PlainIssue {
  readonly path: readonly PathStep[];
  readonly at: 'key' | 'value' | 'parent';
  readonly message: string;
  readonly help: string | undefined;
  /** Dotted path of the setting that an unknown key probably means. */
  readonly meant?: string;
}

/**
 * Says what a zod issue means. `written` gives the text that stands in the file at a path, so that a help line can
 * quote it (`0123` is a number to YAML, but the administrator wrote an AE title).
 */
export function plainIssues(
  issue: z.core.$ZodIssue,
  root: Setting,
  input: unknown,
  written: (path: readonly PathStep[]) => string | undefined,
): readonly PlainIssue[] {
  const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
  if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey([...path, key], root));
  const setting = settingAt(root, path);
  const value = valueAt(input, path);
  const name = path.join('.');
  if (value === undefined && (issue.code === 'invalid_type' || issue.code === 'invalid_value')) {
    const description = setting?.description ?? '';
    const last = String(path.at(-1));
    return [
      {
        path,
        at: 'parent',
        message: `missing setting "${name}"`,
        help: `add "${last}:"${description === '' ? '' : `. ${description}`}`,
      },
    ];
  }
  if (value === null)
    return [
      {
        path,
        at: 'key',
        message: `"${name}" has no value`,
        help: 'write a value after the colon, or remove the line',
      },
    ];
  if (issue.code === 'invalid_value') {
    const choices = issue.values.map(String);
    const near = typeof value === 'string' ? nearest(value, choices) : undefined;
    const help = near === undefined ? undefined : `did you mean "${near}"?`;
    return [
      {
        path,
        at: 'value',
        message: `${show(value)} is not a choice for "${name}"; allowed are ${choices.join(', ')}`,
        help,
      },
    ];
  }
  if (issue.code === 'invalid_type') {
    return [
      {
        path,
        at: 'value',
        message: `"${name}" must be ${expected(issue.expected, setting)}, but is ${typeName(value)}`,
        help: typeHelp(issue.expected, value, setting, written(path)),
      },
    ];
  }
  if (issue.code === 'too_small' || issue.code === 'too_big')
    return [
      {
        path,
        at: 'value',
        message: sizeMessage(issue, name, value),
        help: setting?.range ? `allowed are ${setting.range}` : undefined,
      },
    ];
  const help =
    issue.code === 'custom' && typeof issue.params?.['help'] === 'string' ? issue.params['help'] : undefined;
  return [
    {
      path,
      at: 'value',
      message: name === '' || issue.message.includes('"') ? issue.message : `"${name}": ${issue.message}`,
      help,
    },
  ];
}

function unknownKey(path: readonly PathStep[], root: Setting): PlainIssue {
  const key = String(path.at(-1));
  const siblings = settingAt(root, path.slice(0, -1))?.children.keys() ?? [];
  const near = nearest(key, siblings);
  const elsewhere = allSettings(root).filter((setting) => setting.name.split('.').at(-1) === key);
  let help: string | undefined;
  if (near !== undefined) help = `did you mean "${near}"?`;
  else if (elsewhere.length > 0 && elsewhere.length <= 3)
    help = `"${key}" is known as ${elsewhere.map((setting) => setting.name).join(', ')}`;
  const meant = near === undefined ? {} : { meant: [...path.slice(0, -1), near].join('.') };
  return { path, at: 'key', message: `unknown setting "${path.join('.')}"`, help, ...meant };
}

function valueAt(input: unknown, path: readonly PathStep[]): unknown {
  let value = input;
  for (const step of path) {
    if (typeof value !== 'object' || value === null) return undefined;
    value = (value as Readonly<Record<string, unknown>>)[String(step)];
  }
  return value;
}

function show(value: unknown): string {
  return typeof value === 'string' ? `"${value}"` : JSON.stringify(value);
}

function expected(type: string, setting: Setting | undefined): string {
  if (setting?.unit !== undefined && setting.kind === 'value')
    return `${article(setting.unit)}${setting.unit}`;
  const names: Readonly<Record<string, string>> = {
    string: 'text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a group of settings',
    record: 'a group of settings',
  };
  return names[type] ?? type;
}

function article(words: string): string {
  if (/^\d/.test(words)) return '';
  return /^[aeiouAEI]/.test(words) ? 'an ' : 'a ';
}

function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'a group of settings';
  if (typeof value === 'string') return `the text "${value}"`;
  return typeof value === 'boolean' ? String(value) : `the number ${JSON.stringify(value)}`;
}

function typeHelp(
  type: string,
  value: unknown,
  setting: Setting | undefined,
  written: string | undefined,
): string | undefined {
  if (type === 'string' && (typeof value === 'number' || typeof value === 'boolean')) {
    if (setting?.unit?.startsWith('duration')) return `write the unit too, for example ${String(value)}s`;
    if (setting?.unit?.startsWith('size')) return `write the unit too, for example ${String(value)}MiB`;
    return `put it in quotes: "${written ?? String(value)}"`;
  }
  if (type === 'boolean' && typeof value === 'string' && /^(yes|no|on|off)$/i.test(value))
    return `write ${/^(yes|on)$/i.test(value) ? 'true' : 'false'}`;
  if ((type === 'number' || type === 'int') && typeof value === 'string' && /^\d+(\.\d+)?$/.test(value))
    return 'remove the quotes';
  if (type === 'array' && typeof value === 'string') return `write it as a list: [${value}]`;
  if (type === 'array' && typeof value === 'object') return 'begin each item with "- "';
  return undefined;
}

function sizeMessage(
  issue: z.core.$ZodIssueTooSmall | z.core.$ZodIssueTooBig,
  name: string,
  value: unknown,
): string {
  const limit = Number(issue.code === 'too_small' ? issue.minimum : issue.maximum);
  if (Array.isArray(value)) {
    return issue.message.startsWith('Too')
      ? `"${name}" needs ${issue.code === 'too_small' ? 'at least' : 'at most'} ${limit} item${limit === 1 ? '' : 's'}, but has ${value.length}`
      : issue.message;
  }
  if (typeof value === 'string') {
    if (value === '') return `"${name}" must not be empty`;
    return `"${name}" may have ${issue.code === 'too_small' ? 'at least' : 'at most'} ${limit} characters, but has ${value.length}`;
  }
  const bound =
    issue.inclusive === false
      ? issue.code === 'too_small'
        ? 'above'
        : 'below'
      : issue.code === 'too_small'
        ? 'at least'
        : 'at most';
  return `"${name}" must be ${bound} ${limit}, but is ${show(value)}`;
}
