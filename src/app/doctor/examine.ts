import { existsSync } from 'node:fs';
import { type Finding, failure, fine } from '../../admin/doctor/finding.ts';
import type { ConfigFault, NodeConfig } from '../../core/config/index.ts';
import { loadConfig } from '../../core/config/index.ts';
import { asNodeError } from '../../core/errors.ts';
import { withBooks } from '../books.ts';
import { configToReadBy } from '../config-to-read-by.ts';
import { nodeRunsOn } from '../instance-lock.ts';
import { activeModelSetting } from '../model-selection.ts';
import { foldersOf } from '../runtime.ts';
import { probeBooks, probeCertificates, probeIntegrity } from './books-probes.ts';
import { probeClock, probeDataFolder, probePermissions, probePort, probeTimeZone } from './machine-probes.ts';
import { probeFonts, probeModel } from './model-probes.ts';
import { probePeer, probeSelf } from './peer-probes.ts';

/**
 * Looks at everything that keeps a node from working, changes nothing and needs no running node. The peers and the
 * model are asked at the same time; the database is read last, because SQLite holds the thread while it reads and
 * the peers' timers would run out unheard.
 */
export async function examine(configFolder: string, nowMs: number): Promise<Finding[]> {
  const files = loadConfig(configFolder, process.env);
  const readBy = await configToReadBy(configFolder).catch(() => undefined);
  if (readBy === undefined)
    return [configurationFault(files.ok ? [] : files.error, 'Nothing else was looked at.')];
  const { config, sha256 } = readBy.loaded;
  const { data, database } = foldersOf(config, configFolder);
  const runs = existsSync(data) && (await nodeRunsOn(data));
  const activated = await activatedModel(configFolder, database);
  const asked = await Promise.all([
    looked('port-free-or-ours', () => probePort(config, runs)),
    runs ? looked('listener-reachable-from-self', () => probeSelf(config)) : [],
    looked('model-hash', () => probeModel(config, activated)),
    looked('clock-sync', () => probeClock()),
    ...config.pacs.filter(isAsked).map((one) => looked(`peer-echo:${one.name}`, () => probePeer(one))),
  ]);
  const [port, self, model, clock, ...peers] = asked;
  const whole = probeIntegrity(database);
  return [
    files.ok
      ? fine('config-valid', `${configFolder} (sha256 ${sha256.slice(0, 12)}).`)
      : configurationFault(
          files.error,
          'The running node keeps the one before, by which the rest was looked at.',
        ),
    ...(await looked('data-dir-writable-and-space', () => probeDataFolder(config, data))),
    ...(await looked('service-user-permissions', () => probePermissions(config, data))),
    ...clock,
    probeTimeZone(config, nowMs),
    ...port,
    ...self,
    ...model,
    probeFonts(config, configFolder),
    ...peers.flat(),
    ...probeCertificates({ config }),
    whole,
    ...(whole.verdict === 'ok'
      ? await looked('books', () => withBooks(configFolder, (books) => probeBooks(books, runs)))
      : []),
  ];
}

/** A check that cannot be made is a finding of its own, and must not hide the others. */
async function looked(
  name: string,
  probe: () => Finding | Promise<Finding> | Finding[] | Promise<Finding[]>,
): Promise<Finding[]> {
  try {
    return [await probe()].flat();
  } catch (error) {
    return [
      failure(
        name,
        `could not be looked at: ${asNodeError(error).message}`,
        'Run doctor as the user of the service. When it stays so, report it with lumbar-node doctor --bundle.',
      ),
    ];
  }
}

function isAsked(
  destination: NodeConfig['pacs'][number],
): destination is NodeConfig['pacs'][number] & { readonly deliver: 'on' | 'shadow' } {
  return destination.deliver !== 'off';
}

function configurationFault(faults: readonly ConfigFault[], rest: string): Finding {
  const [first] = faults;
  const place = first?.span === undefined ? (first?.file ?? '') : `${first.file}:${first.span.line}`;
  const others = faults.length > 1 ? ` (and ${faults.length - 1} more)` : '';
  return failure(
    'config-valid',
    `${place}: ${first?.message ?? 'cannot be read'}${others}. ${rest}`,
    'lumbar-node check shows every fault with its line.',
  );
}

/** What `model activate` chose; unknown while the books cannot be opened, which db-integrity tells. */
async function activatedModel(configFolder: string, database: string): Promise<string | undefined> {
  if (!existsSync(database)) return undefined;
  try {
    return await withBooks(configFolder, ({ store }) => store.settings.get(activeModelSetting));
  } catch (error) {
    const { code } = asNodeError(error);
    if (code === 'NOT_FOUND' || code.startsWith('STORE_')) return undefined;
    throw error;
  }
}
