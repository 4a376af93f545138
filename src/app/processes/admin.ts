/** Entry of the admin process: console, metrics, alerts; looks on and tells. Arguments: configuration folder, boot id. */
import { asNodeError } from '../../core/errors.ts';
import { hostClock } from '../../store/store.ts';
import { startConsole } from '../admin-console.ts';
import { openChildChannel } from '../child-channel.ts';
import { watchConfigFiles } from '../config-watch.ts';
import { exitCodeOf } from '../fail-stop.ts';
import { freeSpaceOf } from '../free-space.ts';
import { readNode } from '../node-readings.ts';
import type { ProcessState } from '../process-messages.ts';
import { openRuntime, type Runtime } from '../runtime.ts';

try {
  const [configFolder = 'config'] = process.argv.slice(2);
  await administer(openRuntime(configFolder, 'admin'), configFolder);
  process.exit(0);
} catch (error) {
  const fault = asNodeError(error);
  process.stderr.write(`admin: ${fault.code}: ${fault.message}\n`);
  process.exit(exitCodeOf(fault));
}

async function administer(runtime: Runtime, configFolder: string): Promise<void> {
  const { config, store, log, folders } = runtime;
  let processes: readonly ProcessState[] = [];
  const drained = Promise.withResolvers<undefined>();
  const channel = openChildChannel({
    wake: () => undefined,
    drain: () => drained.resolve(undefined),
    reload: () => channel.tell({ kind: 'recycle' }),
    processes: (states) => {
      processes = states;
    },
  });
  const sources = {
    store,
    config,
    freeSpace: freeSpaceOf(folders.data, () => hostClock.monotonicMs()),
    configFiles: watchConfigFiles(configFolder, () => hostClock.monotonicMs()),
    processes: () => processes,
  };
  const web = config.console.enabled ? await startConsole(runtime, () => readNode(sources)) : undefined;
  channel.tell({ kind: 'ready', ...(web === undefined ? {} : { port: web.port }) });
  await drained.promise;
  await web?.close();
  store.close();
  await log.close();
}
