import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  distrustDatabase,
  integrityAtStart,
  isReadBehind,
  trustDatabase,
} from '../../../src/app/database-trust.ts';
import { processNames } from '../../../src/app/process-messages.ts';

let data: string;
let database: string;

beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), 'lumbar-trust-'));
  database = join(data, 'node.sqlite');
});
afterEach(() => rmSync(data, { recursive: true }));

const checking = (): readonly string[] =>
  processNames.filter((name) => integrityAtStart(name, { data, database }) === 'checked');

describe('who reads the whole database before it works with it', () => {
  test('a small one, or none yet: the listener, which acknowledges', () => {
    expect(checking()).toEqual(['listener']);
    writeFileSync(database, 'x');
    expect(checking()).toEqual(['listener']);
    expect(isReadBehind(database)).toBe(false);
  });

  test('a large one: nobody, it is read behind the running node', () => {
    writeFileSync(database, '');
    truncateSync(database, 200 * 1024 ** 2);
    expect(checking()).toEqual([]);
    expect(isReadBehind(database)).toBe(true);
  });

  test('after an I/O error or damage: everybody, whatever its size, until the node serves again', () => {
    writeFileSync(database, '');
    truncateSync(database, 200 * 1024 ** 2);
    distrustDatabase(data);
    expect(checking()).toEqual([...processNames]);
    trustDatabase(data);
    expect(checking()).toEqual([]);
  });

  test('a folder that takes no file is no second fault', () => {
    expect(() => distrustDatabase(join(data, 'absent'))).not.toThrow();
    expect(() => trustDatabase(join(data, 'absent'))).not.toThrow();
  });
});
