import { type ConfigEntry, diffConfig, formatChanges } from '../core/config/index.ts';
import { askDifference } from './control-client.ts';
import { requireConfig } from './checked-config.ts';
import { exitCodes } from './restart-policy.ts';
import { dataFolderOf, readConfig } from './runtime.ts';
import type { VerbAnswer } from './verb-answer.ts';

export interface ShowRequest {
  readonly which: 'written' | 'effective';
  readonly origin: 'shown' | 'hidden';
  readonly format: 'text' | 'json';
}

/** `config show`: one line a setting. Throws CONFIG_INVALID when there are faults: half a configuration is none. */
export function showConfig(configFolder: string, { which, origin, format }: ShowRequest): string {
  const { entries, sha256 } = readConfig(configFolder);
  const shown = which === 'effective' ? entries : entries.filter((entry) => entry.origin.kind !== 'default');
  if (format === 'json') return `${JSON.stringify({ schema: 1, sha256, settings: shown }, null, 2)}\n`;
  const left = shown.map(({ path, value }) => `${path}: ${JSON.stringify(value)}`);
  const width = Math.min(60, Math.max(0, ...left.map((line) => line.length)));
  const lines = shown.map((entry, index) =>
    origin === 'hidden'
      ? (left[index] ?? '')
      : `${(left[index] ?? '').padEnd(width)}  # ${originText(entry)}`,
  );
  return `${lines.join('\n')}\n`;
}

function originText({ origin }: ConfigEntry): string {
  if (origin.kind === 'file') return `${origin.file}:${origin.line}`;
  return origin.kind === 'environment' ? origin.variable : 'default';
}

/** `config diff`: the files against the running node, or against another folder. Exit code 1 when something differs. */
export async function diffConfigVerb(
  configFolder: string,
  otherFolder: string | undefined,
  format: 'text' | 'json',
): Promise<VerbAnswer> {
  if (otherFolder !== undefined) {
    const changes = diffConfig(requireConfig(configFolder), requireConfig(otherFolder));
    const text =
      format === 'json' ? `${JSON.stringify({ schema: 1, changes }, null, 2)}\n` : formatChanges(changes);
    return { exitCode: changes.length === 0 ? exitCodes.ok : exitCodes.failed, text };
  }
  const answer = await askDifference(dataFolderOf(configFolder));
  if (!answer.ok) return { exitCode: exitCodes.notReachable, text: `${answer.error.text}.\n` };
  const { differs, text } = answer.value;
  return {
    exitCode: differs ? exitCodes.failed : exitCodes.ok,
    text: format === 'json' ? `${JSON.stringify(answer.value, null, 2)}\n` : text,
  };
}
