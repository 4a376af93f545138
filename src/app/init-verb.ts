import { createInterface, type Interface } from 'node:readline/promises';
import { formatFaults } from '../core/config/index.ts';
import { checkEverything } from './checked-config.ts';
import { existingConfig, writeFirstConfig } from './init.ts';
import { type InitAnswers, type InitKey, initQuestions } from './init-answers.ts';
import { exitCodes } from './restart-policy.ts';
import type { VerbAnswer } from './verb-answer.ts';

/** `ListenStream=` of systemd/lumbar-node.socket. */
const socketUnitPort = 11_112;

export interface InitRequest {
  readonly folder: string;
  /** Answers given as flags. */
  readonly given: Readonly<Partial<Record<InitKey, string>>>;
  readonly dataFolder: string | undefined;
}

/** `init`: six answers become a commented configuration that passes `check`. Never overwrites anything. */
export async function initConfig({ folder, given, dataFolder }: InitRequest): Promise<VerbAnswer> {
  const existing = existingConfig(folder);
  if (existing.length > 0) {
    return {
      exitCode: exitCodes.refused,
      text: `${folder} already holds settings of yours (${existing.join(', ')}); nothing was written. Edit them, or name another folder with --config.\n`,
    };
  }
  const answers = await collect(given);
  if (typeof answers === 'string') return { exitCode: exitCodes.usage, text: answers };
  const files = writeFirstConfig(folder, answers, dataFolder);
  const checked = checkEverything(folder);
  const list = `Written:\n${files.map((file) => `  ${file}`).join('\n')}\n`;
  if (!checked.ok) return { exitCode: exitCodes.failed, text: `${list}\n${formatFaults(checked.error)}` };
  return {
    exitCode: exitCodes.ok,
    text: `${list}The configuration passes check. Every setting: lumbar-node config explain <setting>.\n\n${socketNote(answers.port)}Next:\n  lumbar-node doctor\n  lumbar-node start        (or: systemctl enable --now lumbar-node.socket lumbar-node.service)\n  lumbar-node send-test --to main\n`,
  };
}

/** Under systemd the socket unit opens the port, whatever the configuration says. */
function socketNote(port: number): string {
  if (port === socketUnitPort) return '';
  return `Under systemd the port is that of lumbar-node.socket (${socketUnitPort}). Run: sudo systemctl edit lumbar-node.socket\n  [Socket]\n  ListenStream=\n  ListenStream=${port}\n\n`;
}

/** The answers, or what is wrong with the command line. Without a terminal nobody is asked. */
async function collect(given: InitRequest['given']): Promise<InitAnswers | string> {
  const lines = process.stdin.isTTY
    ? createInterface({ input: process.stdin, output: process.stderr })
    : undefined;
  const answers: Partial<Record<InitKey, unknown>> = {};
  const faults: string[] = [];
  try {
    for (const question of initQuestions) {
      const { key, flag, standard, read } = question;
      const text = given[key] ?? (lines === undefined ? standard : await ask(lines, question));
      const answer = text === undefined ? undefined : read(text);
      if (answer?.ok === true) answers[key] = answer.value;
      else faults.push(answer === undefined ? `${flag} is missing` : `${flag}: ${answer.error}`);
    }
  } finally {
    lines?.close();
  }
  if (faults.length > 0) return `${faults.join('\n')}\nNothing was written.\n`;
  return answers as unknown as InitAnswers;
}

async function ask(
  lines: Interface,
  { text, standard, read }: (typeof initQuestions)[number],
): Promise<string> {
  for (;;) {
    const typed = (await lines.question(`${text}${standard === undefined ? '' : ` [${standard}]`}: `)).trim();
    const answer = typed === '' ? (standard ?? '') : typed;
    const checked = read(answer);
    if (checked.ok) return answer;
    process.stderr.write(`  ${checked.error}\n`);
  }
}
