import { formatFaults, loadConfig } from '../../core/config/index.ts';
import { exitCodes } from '../restart-policy.ts';
import type { RegisterVerb } from './verb.ts';

/** `check`: every fault of the configuration at once. */
export const registerCheck: RegisterVerb = (program, { configFolder, exit }) => {
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
};
