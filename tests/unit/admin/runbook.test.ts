import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { advisedKinds } from '../../../src/admin/alerts/alert-advice.ts';
import { commandTree } from '../../../src/app/command-tree.ts';
import { diskAlertCause } from '../../../src/app/disk-watch.ts';
import { buildProgram } from '../../../src/app/program.ts';
import { errorCatalogue } from '../../../src/core/errors.ts';
import { type EventName, eventCatalogue, eventDefinition } from '../../../src/core/events.ts';
import { sweepSpool } from '../../../src/store/spool-sweep.ts';
import { openStore, type Store } from '../../../src/store/store.ts';
import { commandFault, commandLines, isCommand } from '../../support/command-line.ts';
import { codeIn, documentText, tableAfter } from '../../support/document.ts';
import { image, TestClock, writeSpoolFile } from '../store/store-fixture.ts';

const program = commandTree(buildProgram(() => undefined));
const runbook = documentText('docs/runbook.md');
const readme = documentText('README.md');

describe.each([
  ['docs/runbook.md', runbook],
  ['README.md', readme],
])('commands in %s', (_, text) => {
  const lines = commandLines(codeIn(text));

  test('there are some', () => expect(lines.length).toBeGreaterThan(1));

  test('verb, arguments and options of each exist', () => {
    expect(lines.flatMap((line) => commandFault(line, program) ?? [])).toEqual([]);
  });
});

test("the README's table of verbs names commands that exist", () => {
  const named = tableAfter(readme, '| verb | does |').flatMap(([verbs = '']) =>
    [...verbs.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path),
  );
  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((path) => !isCommand(path, program))).toEqual([]);
});

describe('the check of commands', () => {
  test.each([
    ['doktor', 'no command doktor'],
    ['queue', 'not a whole command'],
    ['queue lost', 'no command lost'],
    ['queue list --lost', 'no option --lost'],
    ['queue list --peer', '--peer needs a value'],
    ['audit query --format pdf', '--format is not pdf'],
    ['explain', '0 arguments'],
    ['status now', '1 arguments'],
  ])('does not take "%s"', (line, fault) => expect(commandFault(line, program)).toContain(fault));

  test.each(['--config /etc/x check', 'queue retry A B --peer main', 'model rollback --reason "two words"'])(
    'takes "%s"',
    (line) => expect(commandFault(line, program)).toBeUndefined(),
  );

  test('finds command lines in spans and blocks, and none in what only names the service', () => {
    const text =
      'Run `lumbar-node status`.\n```\nsystemctl stop lumbar-node\nlumbar-node check  # first\n```\n`sudo -u lumbar-node /opt/bin/lumbar-node -c x start`';
    expect(commandLines(codeIn(text))).toEqual(['check', 'status', '-c x start']);
  });
});

describe('what the runbook says a person will see', () => {
  const shown = codeIn(runbook);

  test('events have the names and numbers of the catalogue', () => {
    const pairs = [...runbook.matchAll(/`([A-Z]+(?:_[A-Z]+)+)` \((\d+)\)/g)];
    expect(pairs.length).toBeGreaterThan(20);
    for (const [, name = '', number = ''] of pairs) {
      expect(Object.keys(eventCatalogue)).toContain(name);
      expect(`${name} ${number}`).toBe(`${name} ${eventDefinition(name as EventName).number}`);
    }
  });

  test('every other name in capitals is an event or an error', () => {
    const names = shown.filter((code) => /^[A-Z]+(_[A-Z]+)+$/.test(code));
    expect(
      names.filter((name) => !Object.hasOwn(eventCatalogue, name) && !Object.hasOwn(errorCatalogue, name)),
    ).toEqual([]);
  });

  test('alerts are kinds that the node raises', () => {
    const kinds = [...runbook.matchAll(/alert ((?:`[a-z-]+`(?:, | or )?)+)/g)].flatMap(([, list = '']) =>
      [...list.matchAll(/[a-z-]{3,}/g)].map(([kind]) => kind),
    );
    expect(kinds.length).toBeGreaterThan(10);
    const raised = [...advisedKinds, diskAlertCause, 'disk-not-trusted'];
    expect(kinds.filter((kind) => !raised.includes(kind))).toEqual([]);
    expect(documentText('src/app/start.ts')).toContain("'disk-not-trusted'");
  });

  test('quotations of the status screen stand in its text', () => {
    const source = documentText('src/admin/status/status-report.ts');
    const quoted = [...runbook.matchAll(/Status[^:\n]*: ([^\n]*)/g)].flatMap(([, rest = '']) =>
      [...(rest.split('. Modalities')[0] ?? '').matchAll(/"([^"]+)"/g)].map(([, words = '']) => words),
    );
    expect(quoted.length).toBeGreaterThan(6);
    // The screen counts and names: what stands between the words of the quotation is filled in there.
    const spoken = source
      .replaceAll(/\$\{parked === 1 \? 'needs' : 'need'\}/g, 'need')
      .replaceAll('${name}', 'main');
    expect(quoted.filter((words) => !spoken.includes(words))).toEqual([]);
  });
});

describe('the copy of the data folder that the runbook tells to make', () => {
  /** A node with one image, copied, that then received a second one. Each step opens the books and closes them. */
  function copiedNode() {
    const base = mkdtempSync(join(tmpdir(), 'lumbar-copy-'));
    onTestFinished(() => rmSync(base, { recursive: true }));
    const data = join(base, 'lumbar-node');
    const spool = join(data, 'spool');
    mkdirSync(spool, { recursive: true });
    const withStore = <T>(use: (store: Store) => T): T => {
      const databasePath = join(data, 'lumbar-node.sqlite');
      const store = openStore({ databasePath, clock: new TestClock(), atna: 'off' });
      try {
        return use(store);
      } finally {
        store.close();
      }
    };
    const receive = (n: number) => {
      const record = image(n, { folder: spool });
      writeSpoolFile(record);
      return withStore((store) => store.inbox.admit(record));
    };
    receive(1);
    const copy = join(base, 'copy');
    execFileSync('cp', ['-a', data, copy]);
    receive(2);
    return { data, spool, copy, withStore, receive };
  }

  test('gives back books and files in step, and what came later can come again', () => {
    const { data, spool, copy, withStore, receive } = copiedNode();
    renameSync(data, `${data}.broken`);
    execFileSync('cp', ['-a', copy, data]);
    withStore((store) => {
      expect(sweepSpool(store.db, store.audit, spool)).toEqual({
        deletedParts: 0,
        deletedOrphans: 0,
        missing: [],
      });
      expect(store.images({ limit: 5, offset: 0 }).total).toBe(1);
      expect(store.audit.verify().intact).toBe(true);
    });
    expect(existsSync(join(`${data}.broken`, 'spool', `${image(2).instanceId}.dcm`))).toBe(true);
    expect(receive(2)).not.toBe('duplicate');
  });

  test('the database alone would have the files of later images deleted, as the runbook warns', () => {
    const { data, spool, copy, withStore } = copiedNode();
    for (const suffix of ['', '-wal', '-shm'])
      rmSync(join(data, `lumbar-node.sqlite${suffix}`), { force: true });
    execFileSync('cp', [join(copy, 'lumbar-node.sqlite'), data]);
    withStore((store) => expect(sweepSpool(store.db, store.audit, spool).deletedOrphans).toBe(1));
  });
});
