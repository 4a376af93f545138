import { progressLine } from '../progress-line.ts';
import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

interface EvaluateOptions {
  readonly data: string;
  readonly model: string;
  readonly out: string;
  readonly split?: string;
  readonly readers?: string;
  readonly trainingPatients?: string;
  readonly group: string;
  readonly seed: number;
  readonly draws: number;
}

/** `evaluate`: the production pipeline over a labelled list, with confidence intervals and acceptance limits. */
export const registerEvaluate: RegisterVerb = (program, { exit }) => {
  program
    .command('evaluate')
    .description(
      'run the production pipeline over a labelled list and write report.html, metrics.json, predictions.csv',
    )
    .requiredOption('-d, --data <csv>', 'file,label,patient_id[,split,lesion_x,...]')
    .requiredOption('-m, --model <folder>', 'model package')
    .requiredOption('-o, --out <folder>', 'where the report goes')
    .option('--split <name>', 'only rows of this split')
    .option('--readers <csv>', 'file,<reader>,<reader>,... with class ids')
    .option(
      '--training-patients <file>',
      'patient ids the model was trained on, one a line: a leak is an error',
    )
    .option('--group <columns>', 'comma-separated columns to split the figures by', '')
    .option('--seed <number>', 'seed of the bootstrap', Number, 1)
    .option('--draws <number>', 'bootstrap draws', Number, 1000)
    .action(async (options: EvaluateOptions) => {
      const { evaluateFromCommandLine } = await import('../evaluate-verb.ts');
      const met = await evaluateFromCommandLine({
        dataFile: options.data,
        outputFolder: options.out,
        modelFolder: options.model,
        groups: options.group === '' ? [] : options.group.split(','),
        seed: options.seed,
        bootstrapDraws: options.draws,
        print: (line) => process.stdout.write(`${line}\n`),
        progress: (done, total) => progressLine('images evaluated', done, total),
        ...(options.split === undefined ? {} : { split: options.split }),
        ...(options.readers === undefined ? {} : { readersFile: options.readers }),
        ...(options.trainingPatients === undefined ? {} : { trainingFile: options.trainingPatients }),
      });
      exit(met ? exitCodes.ok : exitCodes.failed);
    });
};
