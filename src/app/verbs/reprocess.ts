import type { WrittenTarget } from '../reprocess-target.ts';
import type { RegisterVerb } from './verb.ts';

interface ReprocessOptions {
  readonly since?: string;
  readonly until?: string;
  readonly dryRun?: true;
  readonly yes?: true;
  readonly model?: string;
  readonly json?: true;
}

/** `reprocess`: images again, by the model that runs now; or compared with another model, sending nothing. */
export const registerReprocess: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('reprocess')
    .description('have images analysed again, or compare another model on them without sending anything')
    .argument('[what]', 'accession number, study or SOP Instance UID, DICOM file, or "last"')
    .option('--since <moment>', 'instead of one thing: everything received since then')
    .option('--until <moment>', 'and before then; absent: until now')
    .option('--dry-run', 'say what would happen; changes nothing')
    .option('-y, --yes', 'do not ask')
    .option(
      '--model <package>',
      'only show what this model package says beside what was said, and how many would end otherwise; sends nothing',
    )
    .option('--json', 'machine-readable, with --model')
    .action(async (what: string | undefined, { since, until, ...options }: ReprocessOptions) => {
      const written: WrittenTarget = {
        ...(what === undefined ? {} : { what }),
        ...(since === undefined ? {} : { since }),
        ...(until === undefined ? {} : { until }),
      };
      if (options.model !== undefined) {
        const { compareModel } = await import('../compare-model.ts');
        const format = options.json ? 'json' : 'text';
        const { exitCode, text } = await compareModel(configFolder(), written, options.model, format);
        process.stdout.write(text);
        exit(exitCode);
        return;
      }
      const { reprocess } = await import('../reprocess-verb.ts');
      const { confirmed } = await import('../confirm.ts');
      const { exitCode, text } = await reprocess(configFolder(), written, {
        mode: options.dryRun ? 'dry-run' : 'act',
        agree: async (announced) => {
          process.stdout.write(`${announced}\n`);
          return options.yes ?? (await confirmed('Go on?'));
        },
      });
      process.stdout.write(text);
      exit(exitCode);
    });
};
