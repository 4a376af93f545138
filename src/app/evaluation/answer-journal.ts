import { appendFileSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { NodeError } from '../../core/errors.ts';
import type { EvaluatedImage } from '../../evaluation/ports.ts';

/** Everything that must be the same for an earlier answer to count: another model or program gives other answers. */
export interface JournalKey {
  readonly schema: 1;
  readonly modelSha256: string;
  readonly manifestSha256: string;
  readonly program: string;
  readonly provider: string;
  readonly mapLayer: string;
  readonly released: boolean;
  /** Where the files of the list lie: equal names elsewhere are other images. */
  readonly folder: string;
}

export interface AnswerJournal {
  readonly known: ReadonlyMap<string, EvaluatedImage>;
  add(file: string, answer: EvaluatedImage): void;
}

const journalName = 'answers.jsonl';

/** How many answers a folder already holds. */
export function journaledAnswers(folder: string): number {
  const path = join(folder, journalName);
  return existsSync(path) ? Math.max(0, readFileSync(path, 'utf8').split('\n').length - 2) : 0;
}

/**
 * `answers.jsonl` of a report folder: a line for what was run, then a line for each answer, written as it comes. With
 * `resume` the answers that are there are kept, when they were made by the same model, program and settings; a last
 * line that a crash cut short is dropped. Throws MODEL_INVALID when the answers are someone else's.
 */
export function openJournal(folder: string, key: JournalKey, mode: 'resume' | 'fresh'): AnswerJournal {
  const path = join(folder, journalName);
  const known = new Map<string, EvaluatedImage>();
  const head = JSON.stringify(key);
  if (mode === 'fresh' || !existsSync(path)) writeFileSync(path, `${head}\n`);
  else {
    const text = readFileSync(path, 'utf8');
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const [first = '', ...lines] = whole.split('\n').filter((line) => line !== '');
    if (first !== head) {
      throw new NodeError(
        'MODEL_INVALID',
        `the answers in ${path} were made by another model, program or setting, or of files in another folder; leave --resume out to start again`,
      );
    }
    for (const line of lines) {
      const { file, answer } = JSON.parse(line) as { file: string; answer: EvaluatedImage };
      known.set(file, answer);
    }
    truncateSync(path, Buffer.byteLength(whole));
  }
  return {
    known,
    add: (file, answer) => appendFileSync(path, `${JSON.stringify({ file, answer })}\n`),
  };
}
