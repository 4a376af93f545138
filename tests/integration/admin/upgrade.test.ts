import { appendFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { backupNow } from '../../../src/app/backup/backup-verb.ts';
import { product } from '../../../src/app/product.ts';
import { checkUpgrade } from '../../../src/app/upgrade-verb.ts';
import { schemaVersion } from '../../../src/store/store.ts';
import { openSiteBooks } from '../../support/site-books.ts';

interface Answer {
  readonly schema: number;
  readonly version: string;
  readonly fail: number;
  readonly findings: readonly {
    readonly name: string;
    readonly verdict: string;
    readonly evidence: string;
  }[];
}

function site() {
  const books = openSiteBooks();
  books.store.settings.set('model.active', 'lumbar-nano-sim');
  books.store.audit.append('NODE_STARTED', { version: '0.0.9', bootId: 'b', configSha256: 'c'.repeat(64) });
  const ask = () => {
    const { exitCode, text } = checkUpgrade(books.configFolder, 'json');
    const answer = JSON.parse(text) as Answer;
    const verdicts = Object.fromEntries(answer.findings.map(({ name, verdict }) => [name, verdict]));
    const evidence = Object.fromEntries(answer.findings.map((one) => [one.name, one.evidence]));
    return { exitCode, answer, verdicts, evidence };
  };
  return { ...books, ask };
}

/** As another release would have left it. */
function withShell(path: string, sql: string): void {
  const shell = new BetterSqlite3(path);
  shell.exec(sql);
  shell.close();
}

describe('upgrade check', () => {
  test('all is well when settings, schema, backup and model fit, and nothing is changed', async () => {
    const { configFolder, store, ask } = site();
    await backupNow(configFolder, 'text');
    const before = { head: store.audit.head(), mtimeMs: statSync(store.db.path).mtimeMs };
    const { exitCode, answer, verdicts, evidence } = ask();
    expect(exitCode).toBe(0);
    expect(answer).toMatchObject({ schema: 1, version: product.version, fail: 0 });
    expect(verdicts).toEqual({
      settings: 'ok',
      release: 'ok',
      schema: 'ok',
      room: 'ok',
      backup: 'ok',
      model: 'ok',
    });
    expect(evidence['release']).toContain('0.0.9 ran here last');
    expect({ head: store.audit.head(), mtimeMs: statSync(store.db.path).mtimeMs }).toEqual(before);
  });

  test('an older database is taken, and the way back is named before it is changed', () => {
    const { store, ask } = site();
    store.close();
    withShell(store.db.path, 'DROP TABLE alertNotice; PRAGMA user_version = 5');
    const { exitCode, verdicts, evidence } = ask();
    expect(exitCode).toBe(0);
    expect(verdicts).toMatchObject({ schema: 'warn', backup: 'warn' });
    expect(evidence['schema']).toBe(
      `schema 5; the first start brings it to ${schemaVersion}, in one transaction a step.`,
    );
    expect(evidence['backup']).toBe('there is no backup.');
    const shell = new BetterSqlite3(store.db.path);
    expect(shell.pragma('user_version', { simple: true })).toBe(5);
    shell.close();
  });

  test('a newer database, settings that it does not take and a missing model each stand in the way', () => {
    const newer = site();
    newer.store.close();
    withShell(newer.store.db.path, `PRAGMA user_version = ${schemaVersion + 1}`);
    expect(newer.ask()).toMatchObject({ exitCode: 1, verdicts: { schema: 'fail' } });

    const renamed = site();
    appendFileSync(join(renamed.configFolder, 'node.yaml'), 'retentoin: { images: 7d }\n');
    const { exitCode, text } = checkUpgrade(renamed.configFolder, 'text');
    expect(exitCode).toBe(1);
    expect(text).toContain('did you mean "retention"?');
    expect(text).toMatch(/FAIL {2}settings/);

    const without = site();
    without.store.settings.set('model.active', 'absent');
    expect(without.ask()).toMatchObject({ exitCode: 1, verdicts: { schema: 'ok', model: 'fail' } });
  });

  test('a node that never ran has nothing to take over', () => {
    const { configFolder } = site();
    appendFileSync(join(configFolder, 'node.yaml'), 'model: { id: lumbar-nano-sim }\n');
    process.env['LUMBAR__STORAGE__DIRECTORY'] = join(configFolder, '../elsewhere');
    try {
      expect(checkUpgrade(configFolder, 'text')).toMatchObject({
        exitCode: 0,
        text: expect.stringContaining('there is no database yet') as string,
      });
    } finally {
      delete process.env['LUMBAR__STORAGE__DIRECTORY'];
    }
  });
});
