import { InvalidArgumentError } from 'commander';
import type { EvaluateOptions } from '../evaluation/evaluate-verb.ts';
import { wholeNumber } from '../option-values.ts';
import { commandFault } from '../usage-error.ts';
import type { RegisterVerb } from './verb.ts';

/** `evaluate`: the production pipeline over a labelled list, with confidence intervals and acceptance limits. */
export const registerEvaluate: RegisterVerb = (program, { exit }) => {
  program
    .command('evaluate')
    .description(
      'run the production pipeline over a labelled list; writes report.html, metrics.json and more',
    )
    .option('-d, --data <csv>', 'file,label,patient_id[,split,lesion_x,lesion_y,box_x0,...,mm_per_pixel,...]')
    .option('-m, --model <package>', 'folder or name of the model package')
    .option('-o, --out <folder>', 'where the report goes')
    .option('--split <name>', 'only rows of this split')
    .option('--readers <csv>', 'file,<reader>,<reader>,... with class ids')
    .option('--boxes <csv>', 'file,x0,y0,x1,y1 of the lesions, in source pixels')
    .option(
      '--training <file>',
      'patient ids or label list the model was trained on: a shared patient is an error',
    )
    .option('--group <columns>', 'comma-separated columns of the list to split the figures by', listOf, [])
    .option('--prevalence <list>', 'class=share,...: predictive values at these prevalences', sharesOf, {})
    .option('--released', 'take images whose view cannot be told, as after an operator released them')
    .option('--seed <number>', 'seed of the bootstrap', wholeNumber, 1)
    .option('--draws <number>', 'bootstrap draws', wholeNumber, 2000)
    .option('--sessions <number>', 'images in flight, each in its own session', wholeNumber, 2)
    .option('--provider <name>', 'cpu, cuda or webgpu', providerOf, 'cpu')
    .option('--map <layer>', 'map to judge: last, or stride16 of a package that has it', mapOf, 'last')
    .option('--resume', 'go on with the answers that are in the folder already')
    .option('--dry-run', 'check the lists and the files, run nothing')
    .option('--compare <metrics...>', 'compare two metrics.json instead')
    .option('--json', 'with --compare or --dry-run: JSON')
    .action(async (options: EvaluateOptions) => {
      const { runEvaluateVerb } = await import('../evaluation/evaluate-verb.ts');
      exit(await runEvaluateVerb(options).catch(commandFault));
    });
};

function listOf(text: string): string[] {
  return text.split(',').filter((name) => name !== '');
}

function sharesOf(text: string): Record<string, number> {
  return Object.fromEntries(
    listOf(text).map((pair) => {
      const [name = '', share = ''] = pair.split('=');
      const value = Number(share);
      if (name === '' || share === '' || !(value > 0 && value < 1))
        throw new InvalidArgumentError('class=share with a share between 0 and 1, such as dls=0.05');
      return [name, value];
    }),
  );
}

function mapOf(text: string): EvaluateOptions['map'] {
  if (text === 'last' || text === 'stride16') return text;
  throw new InvalidArgumentError('last or stride16');
}

function providerOf(text: string): EvaluateOptions['provider'] {
  if (text === 'cpu' || text === 'cuda' || text === 'webgpu') return text;
  throw new InvalidArgumentError('cpu, cuda or webgpu');
}
