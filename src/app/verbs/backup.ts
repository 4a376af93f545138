import { confirmed } from '../confirm.ts';
import { exitCodes } from '../restart-policy.ts';
import type { VerbAnswer } from '../verb-answer.ts';
import type { RegisterVerb } from './verb.ts';

interface RestoreOptions {
  readonly check?: true;
  readonly from?: string;
  readonly withConfig?: true;
  readonly yes?: true;
  readonly json?: true;
}

/** `backup` and `restore`: a checked copy of database, settings and the model's name, and the way back. */
export const registerBackup: RegisterVerb = (program, { configFolder, exit }) => {
  const finish = ({ exitCode, text }: VerbAnswer): void => {
    (exitCode === exitCodes.ok ? process.stdout : process.stderr).write(text);
    exit(exitCode);
  };

  program
    .command('backup')
    .description(
      'make and check a copy of database and settings now, beside the scheduled ones; the node goes on',
    )
    .option('--json', 'machine-readable')
    .action(async ({ json }: { json?: true }) => {
      const { backupNow } = await import('../backup/backup-verb.ts');
      finish(await backupNow(configFolder(), json === true ? 'json' : 'text'));
    });

  program
    .command('restore')
    .description('check a backup, or put it in the place of the database of a node that is stopped')
    .option('--check', 'only read the backup from end to end; without --from the newest one')
    .option('--from <path>', 'the backup to put in place; images that are newer than it are taken up')
    .option('--with-config', 'put the configuration folder back as well, for a new machine')
    .option('--yes', 'do not ask')
    .option('--json', 'machine-readable, with --check')
    .action(async ({ check, from, withConfig, yes, json }: RestoreOptions) => {
      const { checkBackup, restoreBackup, restoreRefused } = await import('../backup/backup-verb.ts');
      if (check !== undefined) {
        finish(await checkBackup(configFolder(), from, json === true ? 'json' : 'text'));
        return;
      }
      if (from === undefined) {
        finish({ exitCode: exitCodes.usage, text: 'Say --check, or --from with the path of a backup.\n' });
        return;
      }
      const agreed =
        yes === true ||
        (await confirmed(
          `Put ${from} in the place of the database${withConfig === true ? ' and the settings' : ''}?`,
        ));
      if (!agreed) {
        finish({
          exitCode: exitCodes.refused,
          text: 'Nothing was changed. Without a terminal, say --yes.\n',
        });
        return;
      }
      const settings = withConfig === true ? 'put-back' : 'keep';
      finish(await restoreBackup(configFolder(), { from, settings }).catch(restoreRefused));
    });
};
