import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { hostClock, openStore, type Store } from '../../src/store/store.ts';

/** A configured site whose node is down, with its database open for the test to fill. */
export interface SiteBooks {
  readonly configFolder: string;
  readonly dataFolder: string;
  readonly store: Store;
}

/** In a temporary folder, removed after the test. */
export function openSiteBooks(): SiteBooks {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-site-'));
  const configFolder = join(folder, 'config');
  mkdirSync(configFolder);
  writeFileSync(
    join(configFolder, 'node.yaml'),
    `aeTitle: LUMBAR
timeZone: Europe/Berlin
storage: { directory: ../data, watermark: 16MiB }
senders:
  - { aeTitle: DX_ROOM1, cidr: [10.0.0.0/24], name: X-ray room 1 }
pacs:
  - { name: main, host: 10.0.0.5, calledAeTitle: ARCHIVE }
`,
  );
  const { data, database } = foldersOf(readConfig(configFolder).config, configFolder);
  mkdirSync(data);
  const store = openStore({ databasePath: database, clock: hostClock });
  onTestFinished(() => {
    store.close();
    rmSync(folder, { recursive: true });
  });
  return { configFolder, dataFolder: data, store };
}
