import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

interface ShowOptions {
  readonly effective?: true;
  readonly origin?: true;
  readonly json?: true;
}

/** `config show|explain|diff|schema`: what is set, what a setting means, what differs. */
export const registerConfig: RegisterVerb = (program, { configFolder, exit }) => {
  const config = program.command('config').description('look at the configuration; changes nothing');

  config
    .command('show')
    .description('the settings that are written; secrets are masked')
    .option('--effective', 'also those that have their default')
    .option('--origin', 'where each value comes from: file and line, environment or default')
    .option('--json', 'machine-readable; durations in ms, sizes in bytes')
    .action(async ({ effective, origin, json }: ShowOptions) => {
      const { showConfig } = await import('../config-verb.ts');
      const text = showConfig(configFolder(), {
        which: effective === true ? 'effective' : 'written',
        origin: origin === true ? 'shown' : 'hidden',
        format: json === true ? 'json' : 'text',
      });
      process.stdout.write(text);
    });

  config
    .command('explain')
    .description('what one setting means: unit, choices, range, default, when a change counts')
    .argument('<setting>', 'such as listener.maxAssociations')
    .option('--json', 'machine-readable')
    .action(async (name: string, { json }: { json?: true }) => {
      const { explainSetting } = await import('../../core/config/index.ts');
      const explained = explainSetting(name);
      if (!explained.found) {
        process.stderr.write(`${explained.text}\n`);
        exit(exitCodes.notFound);
        return;
      }
      const { text, facts } = explained;
      process.stdout.write(`${json === true ? JSON.stringify({ schema: 1, ...facts }, null, 2) : text}\n`);
    });

  config
    .command('diff')
    .description('what differs between the files and the running node, or another folder')
    .argument('[folder]', 'another configuration folder; absent: the running node')
    .option('--json', 'machine-readable')
    .action(async (folder: string | undefined, { json }: { json?: true }) => {
      const { diffConfigVerb } = await import('../config-verb.ts');
      const answer = await diffConfigVerb(configFolder(), folder, json === true ? 'json' : 'text');
      (answer.exitCode === exitCodes.notReachable ? process.stderr : process.stdout).write(answer.text);
      exit(answer.exitCode);
    });

  config
    .command('schema')
    .description('JSON Schema for editors, or the reference page')
    .option('--markdown', 'docs/configuration.md instead')
    .action(async ({ markdown }: { markdown?: true }) => {
      const { configJsonSchema, configReference } = await import('../../core/config/index.ts');
      process.stdout.write(
        markdown === true ? configReference() : `${JSON.stringify(configJsonSchema(), null, 2)}\n`,
      );
    });
};
