import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

interface ExplainOptions {
  readonly json?: true;
  readonly trail?: true;
}

/** `explain`: what happened to a study or an image, why, and what to do next. */
export const registerExplain: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('explain')
    .description('why is there a result, or none: what arrived, what decided, what each destination answered')
    .argument('<what>', 'accession number, study or SOP Instance UID, DICOM file, or "last"')
    .option('--trail', 'also print every row of the audit trail')
    .option('--json', 'machine-readable')
    .action(async (what: string, options: ExplainOptions) => {
      const { explainFromBooks } = await import('../explain-verb.ts');
      const { found, text } = await explainFromBooks(configFolder(), what, {
        format: options.json ? 'json' : 'text',
        trail: options.trail ? 'all' : 'none',
      });
      process.stdout.write(text);
      if (!found) exit(exitCodes.notFound);
    });
};
