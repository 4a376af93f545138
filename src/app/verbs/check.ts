import { formatFaults } from '../../core/config/index.ts';
import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

/** `check`: every fault of the configuration at once. */
export const registerCheck: RegisterVerb = (program, { configFolder, exit }) => {
  program
    .command('check')
    .description('check the configuration and every file it names; changes nothing')
    .option('--json', 'faults as JSON')
    .action(async ({ json }: { json?: true }) => {
      const { checkEverything } = await import('../checked-config.ts');
      const loaded = checkEverything(configFolder());
      if (!loaded.ok) exit(exitCodes.failed);
      if (json === true) {
        const answer = loaded.ok
          ? { schema: 1, valid: true, sha256: loaded.value.sha256, faults: [] }
          : { schema: 1, valid: false, faults: loaded.error };
        process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
        return;
      }
      if (loaded.ok) {
        process.stdout.write(
          `The configuration in ${configFolder()} is valid (sha256 ${loaded.value.sha256.slice(0, 12)}).\n`,
        );
        return;
      }
      process.stderr.write(formatFaults(loaded.error));
    });
};
