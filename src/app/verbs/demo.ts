import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

const demoModel = 'lumbar-effnetv2m-sim';

/** `demo`: the whole chain on loopback. */
export const registerDemo: RegisterVerb = (program, { exit }) => {
  program
    .command('demo')
    .description('simulated modality, node and mini PACS on loopback; leaves its results in a folder')
    .option('-o, --output <folder>', 'where the results go', 'demo-out')
    .option('-m, --model <id>', 'model package to run', demoModel)
    .action(async ({ output, model }: { output: string; model: string }) => {
      const { runDemo } = await import('../demo.ts');
      const complete = await runDemo({
        outputFolder: output,
        modelId: model,
        print: (line) => process.stdout.write(`${line}\n`),
      });
      exit(complete ? exitCodes.ok : exitCodes.failed);
    });
};
