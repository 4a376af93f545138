import { Argument } from 'commander';
import type { RegisterVerb } from './verb.ts';

/** `completion`: what a shell needs to complete verbs and options, made from the commands themselves. */
export const registerCompletion: RegisterVerb = (program) => {
  program
    .command('completion')
    .description('print a completion script; bash: source <(lumbar-node completion bash)')
    .addArgument(new Argument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('../../admin/completion.ts');
      const { commandTree } = await import('../command-tree.ts');
      process.stdout.write(completionScript(shell, commandTree(program)));
    });
};
