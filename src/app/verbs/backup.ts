import { confirmed } from '../confirm.ts';
import { exitCodes } from '../restart-policy.ts';
import type { VerbAnswer } from '../verb-answer.ts';
import type { RegisterVerb } from './verb.ts';

interface RestoreOptions {
  readonly check?: true;
  readonly from?: string;
  readonly yes?: true;
  readonly json?: true;
}

/** `backup` and `restore`: a checked copy of the database, and the way back. */
export const registerBackup: RegisterVerb = (program, { configFolder, exit }) => {
  const finish = ({ exitCode, text }: VerbAnswer): void => {
    (exitCode === exitCodes.ok ? process.stdout : process.stderr).write(text);
    exit(exitCode);
  };

  program
    .command('backup')
    .description('make and check a copy of the database now, beside the nightly ones; the node goes on')
    .option('--json', 'machine-readable')
    .action(async ({ json }: { json?: true }) => {
      const { backupNow } = await import('../backup-verb.ts');
      finish(await backupNow(configFolder(), json === true ? 'json' : 'text'));
    });

  program
    .command('restore')
    .description('check a copy, or put it in the place of the database of a node that is stopped')
    .option('--check', 'only read the copy from end to end; without --from the newest one')
    .option('--from <file>', 'the copy to put in place; images that are newer than it are taken up')
    .option('--yes', 'do not ask')
    .option('--json', 'machine-readable, with --check')
    .action(async ({ check, from, yes, json }: RestoreOptions) => {
      const { checkCopy, restoreCopy } = await import('../backup-verb.ts');
      if (check !== undefined) {
        finish(await checkCopy(configFolder(), from, json === true ? 'json' : 'text'));
        return;
      }
      if (from === undefined) {
        finish({ exitCode: exitCodes.usage, text: 'Say --check, or --from with the file of a backup.\n' });
        return;
      }
      const agreed = yes === true || (await confirmed(`Put ${from} in the place of the database?`));
      if (!agreed) {
        finish({
          exitCode: exitCodes.refused,
          text: 'Nothing was changed. Without a terminal, say --yes.\n',
        });
        return;
      }
      finish(await restoreCopy(configFolder(), from));
    });
};
