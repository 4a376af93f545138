import { createInterface } from 'node:readline/promises';

/**
 * Asks a person to go on. Without a terminal nobody can answer: then it is no, so that a script that forgot `--yes`
 * changes nothing.
 */
export async function confirmed(question: string): Promise<boolean> {
  if (!process.stdin.isTTY) return false;
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^(y|yes)$/i.test((await lines.question(`${question} [y/N] `)).trim());
  } finally {
    lines.close();
  }
}
