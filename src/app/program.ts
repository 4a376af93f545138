import { Command } from 'commander';
import { formatFaults, loadConfig } from '../core/config/index.ts';
import type { SimulatedView } from '../simulator/header-habits.ts';
import { product } from './product.ts';
import { exitCodes } from './restart-policy.ts';

const defaultConfigFolder = 'config';
const demoModel = 'lumbar-effnetv2m-sim';

/** The command line. Each verb loads its own modules, so that `--help` answers at once. */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('lumbar-node')
    .description('A DICOM AI node for lumbar-spine radiographs. Research use only; not a diagnosis.')
    .version(product.version)
    .option(
      '-c, --config <folder>',
      'configuration folder',
      process.env['LUMBAR_CONFIG'] ?? defaultConfigFolder,
    )
    .showHelpAfterError();
  const configFolder = (): string => program.opts<{ config: string }>().config;

  program
    .command('start')
    .description('run the node until it is told to stop')
    .action(async () => {
      const { runNode } = await import('./start.ts');
      exit(await runNode(configFolder()));
    });

  program
    .command('check')
    .description('check the configuration; changes nothing')
    .action(() => {
      const loaded = loadConfig(configFolder(), process.env);
      if (loaded.ok) {
        process.stdout.write(
          `The configuration in ${configFolder()} is valid (sha256 ${loaded.value.sha256.slice(0, 12)}).\n`,
        );
        return;
      }
      process.stderr.write(`${formatFaults(loaded.error)}\n`);
      exit(exitCodes.failed);
    });

  program
    .command('demo')
    .description('simulated modality, node and mini PACS on loopback; leaves its results in a folder')
    .option('-o, --output <folder>', 'where the results go', 'demo-out')
    .option('-m, --model <id>', 'model package to run', demoModel)
    .action(async ({ output, model }: { output: string; model: string }) => {
      const { runDemo } = await import('./demo.ts');
      const complete = await runDemo({
        outputFolder: output,
        modelId: model,
        print: (line) => process.stdout.write(`${line}\n`),
      });
      exit(complete ? exitCodes.ok : exitCodes.failed);
    });

  program
    .command('simulate')
    .description('write simulated studies as DICOM files with labels.csv')
    .requiredOption('-o, --out <folder>', 'where the files go')
    .option('--seed <number>', 'first patient seed; classes alternate with the seed', Number, 30_000_001)
    .option('--patients <number>', 'how many patients', Number, 3)
    .option('--size <pixels>', 'long side of the images; absent: a real detector size', Number)
    .option(
      '--views <list>',
      'comma-separated: ap, neutral, flexion, extension, oblique, chest, pelvis, blank',
    )
    .option('--transfer-syntax <uid>', 'a transfer syntax UID or "mixed"', 'mixed')
    .action(async (options: SimulateOptions) => {
      const { simulateToFolder } = await import('../simulator/folder.ts');
      const written = await simulateToFolder(
        {
          outputFolder: options.out,
          firstSeed: options.seed,
          patients: options.patients,
          transferSyntaxUid: options.transferSyntax,
          ...(options.size === undefined ? {} : { size: options.size }),
          ...(options.views === undefined ? {} : { views: options.views.split(',') as SimulatedView[] }),
        },
        ({ done, total }) => progressLine('images written', done, total),
      );
      process.stdout.write(`${written} images and labels.csv are in ${options.out}.\n`);
    });

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
      const { evaluateFromCommandLine } = await import('./evaluate-verb.ts');
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
  return program;
}

interface SimulateOptions {
  readonly out: string;
  readonly seed: number;
  readonly patients: number;
  readonly size?: number;
  readonly views?: string;
  readonly transferSyntax: string;
}

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

/** One rewritten line on a terminal, a line every 10 % anywhere else. */
function progressLine(what: string, done: number, total: number): void {
  const { stderr } = process;
  if (stderr.isTTY) stderr.write(`\r${done} of ${total} ${what}${done === total ? '\n' : ''}`);
  else if (done === total || done % Math.max(1, Math.ceil(total / 10)) === 0)
    stderr.write(`${done} of ${total} ${what}\n`);
}
