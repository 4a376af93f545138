import type { SimulatedView } from '../../simulator/header-habits.ts';
import { progressReport } from '../progress-line.ts';
import type { RegisterVerb } from './verb.ts';

interface SimulateOptions {
  readonly out: string;
  readonly seed: number;
  readonly patients: number;
  readonly size?: number;
  readonly views?: string;
  readonly transferSyntax: string;
  readonly split?: string;
}

/** `simulate`: simulated studies with ground truth, for trials and training. */
export const registerSimulate: RegisterVerb = (program) => {
  program
    .command('simulate')
    .description('write simulated studies as DICOM files with labels.csv')
    .requiredOption('-o, --out <folder>', 'where the files go')
    .option('--seed <number>', 'first patient seed; classes alternate with the seed', Number, 30_000_001)
    .option('--patients <number>', 'how many patients', Number, 3)
    .option('--size <pixels>', 'long side of the images; absent: a real detector size', Number)
    .option(
      '--views <list>',
      'comma-separated: neutral, flexion, extension, ap, oblique, chest, pelvis, blank, thoracic, cervical, skull, shoulder, knee, hand',
    )
    .option('--transfer-syntax <uid>', 'a transfer syntax UID or "mixed"', 'mixed')
    .option('--split <name>', 'value of the split column of labels.csv; absent: empty')
    .action(async (options: SimulateOptions) => {
      const { simulateToFolder } = await import('../../simulator/folder.ts');
      const progress = progressReport('images written');
      const written = await simulateToFolder(
        {
          outputFolder: options.out,
          firstSeed: options.seed,
          patients: options.patients,
          transferSyntaxUid: options.transferSyntax,
          ...(options.split === undefined ? {} : { split: options.split }),
          ...(options.size === undefined ? {} : { size: options.size }),
          ...(options.views === undefined ? {} : { views: options.views.split(',') as SimulatedView[] }),
        },
        ({ done, total }) => progress(done, total),
      );
      process.stdout.write(`${written} images and labels.csv are in ${options.out}.\n`);
    });
};
