import type { RegisterVerb } from './verb.ts';

/** `echo`: does a destination answer, and does it take what results are made of. */
export const registerEcho: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('echo')
    .description('call a destination of pacs.yaml (C-ECHO) and ask what it takes; stores nothing')
    .argument('<peer>', 'name of the destination in pacs.yaml')
    .option('--json', 'machine-readable')
    .action(async (peer: string, options: { json?: true }) => {
      const { echoPeer } = await import('../echo-verb.ts');
      const { exitCode, text } = await echoPeer(configFolder(), peer, options.json ? 'json' : 'text');
      process.stdout.write(text);
      exit(exitCode);
    });
};
