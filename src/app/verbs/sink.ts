import type { RegisterVerb } from './verb.ts';
import { wholeNumber } from './whole-number.ts';

/** `sink`: a mini PACS for trials. */
export const registerSink: RegisterVerb = (program, { exit }) => {
  program
    .command('sink')
    .description('a mini PACS on this machine only, for trials: one line per object received, until Ctrl-C')
    .requiredOption('--port <number>', 'port on 127.0.0.1', wholeNumber)
    .option('--aet <title>', 'its AE title', 'SINK')
    .option('-o, --out <folder>', 'keep the objects here; absent: they are thrown away')
    .action(async (options: { port: number; aet: string; out?: string }) => {
      const { runSink } = await import('../sink-verb.ts');
      const end = new AbortController();
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
      exit(
        await runSink({
          port: options.port,
          aeTitle: options.aet,
          ...(options.out === undefined ? {} : { outputFolder: options.out }),
          print: (line) => process.stdout.write(`${line}\n`),
          signal: end.signal,
        }),
      );
    });
};
