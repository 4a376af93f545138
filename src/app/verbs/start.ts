import type { RegisterVerb } from './verb.ts';

/** `start`: run the node until it is told to stop. */
export const registerStart: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('start')
    .description('run the node until it is told to stop')
    .action(async () => {
      // Whatever this node and the runtime below it write is for nobody else (D07).
      process.umask(0o077);
      const { runNode } = await import('../start.ts');
      exit(await runNode(configFolder()));
    });
};
