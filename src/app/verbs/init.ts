import { type InitKey, initQuestions } from '../init-answers.ts';
import type { RegisterVerb } from './verb.ts';

/** `init`: a first configuration from six answers. */
export const registerInit: RegisterVerb = (program, { configFolder, exit }) => {
  const command = program
    .command('init')
    .description('write a commented configuration from six answers; never overwrites')
    .option('--data <folder>', 'where images, results and the database go; absent: /var/lib/lumbar-node');
  for (const { flag, text, standard } of initQuestions)
    command.option(flag, `${text}${standard === undefined ? '' : ` (else ${standardText(flag, standard)})`}`);
  command.action(async (options: Partial<Record<InitKey, string>> & { data?: string }) => {
    const { initConfig } = await import('../init-verb.ts');
    const { data, ...given } = options;
    const { exitCode, text } = await initConfig({ folder: configFolder(), given, dataFolder: data });
    (exitCode === 0 ? process.stdout : process.stderr).write(text);
    exit(exitCode);
  });
};

/** The reference page must not depend on the machine that makes it. */
function standardText(flag: string, standard: string): string {
  return flag.startsWith('--time-zone') ? 'that of this machine' : standard;
}
