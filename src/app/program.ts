import { Command } from 'commander';
import { formatFaults, loadConfig } from '../core/config/index.ts';
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
  return program;
}
