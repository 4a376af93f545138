import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

/** `reload`: the running node takes over a changed configuration, or says why not. */
export const registerReload: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('reload')
    .description('have the running node take over the changed configuration; a wrong one changes nothing')
    .option('--json', 'the answer as JSON')
    .action(async ({ json }: { json?: true }) => {
      const { askReload } = await import('../control-client.ts');
      const { dataFolderOf } = await import('../runtime.ts');
      const { operatorName } = await import('../operator.ts');
      const answer = await askReload(dataFolderOf(configFolder()), operatorName());
      if (!answer.ok) {
        process.stderr.write(`${answer.error.text}.\n`);
        exit(answer.error.kind === 'refused' ? exitCodes.refused : exitCodes.notReachable);
        return;
      }
      const { result, configSha256, text } = answer.value;
      if (json === true) process.stdout.write(`${JSON.stringify(answer.value, null, 2)}\n`);
      else if (result === 'refused')
        process.stderr.write(
          `${text}\nThe running node keeps its configuration (sha256 ${configSha256.slice(0, 12)}).\n`,
        );
      else
        process.stdout.write(
          `${text}${result === 'unchanged' ? 'The' : 'In force: the'} configuration with sha256 ${configSha256.slice(0, 12)}${result === 'unchanged' ? ' stays in force' : ''}.\n`,
        );
      exit(result === 'refused' ? exitCodes.failed : exitCodes.ok);
    });
};
