import { availableParallelism } from 'node:os';
import { wholeNumber } from '../option-values.ts';
import type { PreprocessOptions } from '../preprocess/preprocess-verb.ts';
import { commandFault } from '../usage-error.ts';
import type { RegisterVerb } from './verb.ts';

/** `preprocess`: labelled DICOM files to training material, through the node's own preprocessing. */
export const registerPreprocess: RegisterVerb = (program, { exit }) => {
  program
    .command('preprocess')
    .description('turn labelled DICOM files into training material with the pixels the node itself would see')
    .requiredOption(
      '-d, --data <csv>',
      'file,label,patient_id[,split,lesion_x,lesion_y,box_x0,...,mm_per_pixel]',
    )
    .requiredOption('-m, --model <package>', 'package whose preprocessing steps and size are used')
    .requiredOption('-o, --out <folder>', 'where the material goes; must be empty')
    .option('--seed <number>', 'seed of the split, when the list has none', wholeNumber, 1)
    .option('--threads <number>', 'images in flight', wholeNumber, Math.min(8, availableParallelism()))
    .action(async (options: PreprocessOptions) => {
      const { runPreprocessVerb } = await import('../preprocess/preprocess-verb.ts');
      exit(await runPreprocessVerb(options).catch(commandFault));
    });
};
