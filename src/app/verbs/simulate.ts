import type { SimulatedView } from '../../simulator/header-habits.ts';
import type { StudyOptions } from '../../simulator/study.ts';
import { progressReport } from '../progress-line.ts';
import { exitCodes } from '../restart-policy.ts';
import { commandFault } from '../usage-error.ts';
import type { RegisterVerb } from './verb.ts';
import { wholeNumber } from './whole-number.ts';

interface SimulateOptions {
  readonly out?: string;
  readonly to?: string;
  readonly rate: string;
  readonly senders: number;
  readonly repeat: number;
  readonly calling: string;
  readonly seed: number;
  readonly patients: number;
  readonly size?: number;
  readonly views?: string;
  readonly transferSyntax?: string;
  readonly split?: string;
  readonly json?: true;
}

/** `simulate`: simulated studies with ground truth for trials and training, or sent to a node as load. */
export const registerSimulate: RegisterVerb = (program, { exit }) => {
  program
    .command('simulate')
    .description('write simulated studies as DICOM files with labels.csv, or send them to a node as load')
    .option('-o, --out <folder>', 'where the files go')
    .option('--to <host:port/title>', 'instead: send them to this node, such as 10.0.0.5:11112/LUMBAR_NODE')
    .option('--calling <title>', 'with --to: AE title of the modalities', 'SIMULATED')
    .option(
      '--rate <images/time>',
      'with --to: of all senders together, such as 2/s, 90/min or 5000/h',
      '1/s',
    )
    .option('--senders <number>', 'with --to: modalities that send at the same time', wholeNumber, 1)
    .option(
      '--repeat <number>',
      'with --to: how often each study is sent, every time as a new one',
      wholeNumber,
      1,
    )
    .option('--json', 'with --to: machine-readable')
    .option('--seed <number>', 'first patient seed; classes alternate with the seed', Number, 30_000_001)
    .option('--patients <number>', 'how many patients', Number, 3)
    .option('--size <pixels>', 'long side of the images; absent: a real detector size', Number)
    .option(
      '--views <list>',
      'comma-separated: neutral, flexion, extension, ap, oblique, chest, pelvis, blank, thoracic, cervical, skull, shoulder, knee, hand',
    )
    .option(
      '--transfer-syntax <uid>',
      'a transfer syntax UID, or "mixed" for files; absent: mixed for files, Explicit VR Little Endian with --to',
    )
    .option('--split <name>', 'value of the split column of labels.csv; absent: empty')
    .action(async (options: SimulateOptions) => {
      if ((options.out === undefined) === (options.to === undefined)) {
        process.stderr.write('Say where the studies go: --out with a folder, or --to with a node.\n');
        exit(exitCodes.usage);
        return;
      }
      if (options.out === undefined) exit(await sendThem(options).catch(commandFault));
      else await writeThem(options, options.out);
    });
};

async function writeThem(options: SimulateOptions, outputFolder: string): Promise<void> {
  const { simulateToFolder } = await import('../../simulator/folder.ts');
  const progress = progressReport('images written');
  const written = await simulateToFolder(
    {
      ...studyOptions(options, 'mixed'),
      outputFolder,
      firstSeed: options.seed,
      patients: options.patients,
      ...(options.split === undefined ? {} : { split: options.split }),
    },
    ({ done, total }) => progress(done, total),
  );
  process.stdout.write(`${written} images and labels.csv are in ${outputFolder}.\n`);
}

async function sendThem(options: SimulateOptions): Promise<number> {
  const { readLoadSyntax, readLoadTarget, readRate, sendLoad } = await import('../simulate-load.ts');
  const target = readLoadTarget(options.to ?? '');
  const rate = readRate(options.rate);
  const syntax = readLoadSyntax(options.transferSyntax);
  const faults = [target, rate, syntax].flatMap((one) => (one.ok ? [] : [one.error]));
  if (!target.ok || !rate.ok || !syntax.ok) {
    process.stderr.write(`${faults.join('\n')}\n`);
    return exitCodes.usage;
  }
  const { exitCode, text } = await sendLoad(
    {
      ...studyOptions(options, syntax.value),
      target: target.value,
      callingAeTitle: options.calling,
      firstSeed: options.seed,
      patients: options.patients,
      repeat: options.repeat,
      senders: options.senders,
      imagesPerSecond: rate.value,
      format: options.json === true ? 'json' : 'text',
    },
    progressReport('images offered'),
  );
  process.stdout.write(text);
  return exitCode;
}

function studyOptions(
  { transferSyntax, size, views }: SimulateOptions,
  standardSyntax: string,
): StudyOptions {
  return {
    transferSyntaxUid: transferSyntax ?? standardSyntax,
    ...(size === undefined ? {} : { size }),
    ...(views === undefined ? {} : { views: views.split(',') as SimulatedView[] }),
  };
}
