import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { writeDemoConfig } from '../../src/app/demo-config.ts';
import { activeModelSetting } from '../../src/app/model-selection.ts';
import { foldersOf, readConfig } from '../../src/app/runtime.ts';
import { parseCsv } from '../../src/core/csv.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { readMetrics } from '../../src/evaluation/compare.ts';
import { simulateToFolder } from '../../src/simulator/folder.ts';
import { hostClock, openStore } from '../../src/store/store.ts';
import { peer } from '../support/peer.ts';

const root = resolve(import.meta.dirname, '../..');
const python = '/usr/bin/python3';
const patients = 100;
const views = ['neutral', 'flexion', 'extension'] as const;
// About a minute on two free cores; the hook waits as long as a busy machine needs.
vi.setConfig({ hookTimeout: 1_800_000 });

/** Torch is what the recipe needs; under CI=true its absence is an error. */
function torchIsThere(): boolean {
  if (peer('python3') === undefined) return false;
  const found = spawnSync(python, ['-c', 'import torch, torchvision, onnx, numpy']).status === 0;
  if (!found && process.env['CI'] === 'true') throw new Error('python3-torch is required under CI=true');
  return found;
}

/** The commands of a fenced block of models/README.md: the one whose first word group is given. */
function readmeCommands(first: string): string[] {
  const text = readFileSync(join(root, 'models', 'README.md'), 'utf8');
  const block = [...text.matchAll(/```\n([\s\S]*?)```/g)].map(([, body = '']) => body);
  const found = block.find((body) => body.startsWith(first));
  if (found === undefined) throw new Error(`models/README.md has no block that starts with "${first}"`);
  return found
    .replaceAll(/\\\n\s*/g, ' ')
    .trim()
    .split('\n');
}

interface Step {
  readonly command: string;
  readonly code: number | null;
  readonly output: string;
}

/**
 * As a new user would: a folder with labelled files, the commands of the README as they stand there, in one go; the tests
 * look at what each left behind. A few training steps make no model that is good; what is tested is that every step takes
 * what the one before it wrote, and that a model without a passing evaluation is not run by accident.
 */
describe.skipIf(!torchIsThere())(
  'from 300 labelled DICOM files to an activated package, by models/README.md',
  () => {
    let folder = '';
    let configFolder = '';
    let making: Step[] = [];
    const steps: Record<string, Step> = {};
    const run = (command: string): Step => {
      const { status, stdout, stderr } = spawnSync('bash', ['-c', command], {
        cwd: folder,
        encoding: 'utf8',
        env: {
          ...process.env,
          PATH: `${join(root, 'bin')}:/usr/bin:${process.env['PATH'] ?? ''}`,
          LUMBAR_CONFIG: configFolder,
          SUDO_USER: 'fictional-operator',
        },
      });
      return { command, code: status, output: `${stdout}${stderr}` };
    };
    const openBooks = (): ReturnType<typeof openStore> =>
      openStore({
        databasePath: foldersOf(readConfig(configFolder).config, configFolder).database,
        clock: hostClock,
      });
    const [verify = '', evaluate = '', activate = ''] = readmeCommands('lumbar-node model verify');

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'lumbar-own-model-'));
      mkdirSync(join(folder, 'models'));
      for (const name of ['training', 'lumbar-nano-sim'])
        symlinkSync(join(root, 'models', name), join(folder, 'models', name));
      configFolder = join(folder, 'config');
      writeDemoConfig(configFolder, { pacs: 104 }, { folder: join(folder, 'models') });
      await simulateToFolder({
        outputFolder: folder,
        firstSeed: 50_000_001,
        patients,
        views,
        size: 400,
        transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
      });
      making = readmeCommands('lumbar-node preprocess').map(run);
      steps['verify'] = run(verify);
      steps['before the first start'] = run(
        'lumbar-node model activate lumbar-nano-sim --force --reason "early"',
      );
      mkdirSync(join(folder, 'data'));
      openBooks().close();
      steps['evaluate'] = run(evaluate);
      steps['activate'] = run(activate);
      steps['without reason'] = run(`${activate} --force`);
      steps['first'] = run(
        'cp -rL models/lumbar-nano-sim models/first && lumbar-node model activate first --force --reason "start"',
      );
      steps['forced'] = run(`${activate} --force --reason "a trial on simulated images"`);
      steps['list'] = run('lumbar-node model list --json');
      steps['damaged'] = run(
        'cp -r models/my-lumbar-model models/damaged && printf x >> models/damaged/model.onnx && lumbar-node model activate damaged --force --reason "never"',
      );
      steps['rollback'] = run('lumbar-node model rollback');
      steps['second rollback'] = run('lumbar-node model rollback');
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    function expectStep(name: string, code: number, text: string | RegExp): void {
      const step = steps[name]!;
      expect(step.code, `${step.command}\n${step.output}`).toBe(code);
      expect(step.output).toMatch(text);
    }

    test('three commands make a package from the list', () => {
      expect(making).toHaveLength(3);
      for (const { command, code, output } of making) expect(code, `${command}\n${output}`).toBe(0);
    });
    test('the list keeps every image, and no patient is in two splits', () => {
      const list = parseCsv(readFileSync(join(folder, 'material', 'labels.csv'), 'utf8')).rows;
      expect(list).toHaveLength(patients * views.length);
      const byPatient = Map.groupBy(list, ({ cells }) => cells['patient_id']);
      for (const rows of byPatient.values())
        expect(new Set(rows.map(({ cells }) => cells['split'])).size).toBe(1);
      expect(new Set(list.map(({ cells }) => cells['split']))).toEqual(new Set(['train', 'val', 'test']));
    });
    test('the package verifies on this machine, and knows that its images were simulated', () => {
      expectStep('verify', 0, 'my-lumbar-model 0.1.0');
      const manifest = JSON.parse(
        readFileSync(join(folder, 'models', 'my-lumbar-model', 'manifest.json'), 'utf8'),
      ) as { trainingData: { kind: string } };
      expect(manifest.trainingData.kind).toBe('simulated');
    });
    test('the evaluation reads the test split, says what is simulated, and misses the limits', () => {
      expectStep('evaluate', 1, /NOT MET accuracy/);
      const metrics = readMetrics(readFileSync(join(folder, 'report', 'metrics.json'), 'utf8'));
      if (!metrics.ok) throw new Error(metrics.error);
      expect(metrics.value.complete).toBe(true);
      expect(metrics.value.data.split).toBe('test');
      expect(metrics.value.notice).toContain('SIMULATED');
    });
    test('activation is refused then, and forcing it needs a reason', () => {
      expectStep('activate', 5, /misses acceptance limits/);
      expectStep('without reason', 2, /--reason/);
    });
    test('nothing is activated on a node that never started', () =>
      expectStep('before the first start', 4, /never started/));
    test('forced with a reason it is the active model, and the audit has who and why', () => {
      expectStep('first', 0, /first is the active model/);
      expectStep('forced', 0, /before it was first/);
      const listed = JSON.parse(steps['list']!.output) as { models: { folder: string; active: boolean }[] };
      expect(listed.models.filter(({ active }) => active).map((model) => model.folder)).toEqual([
        'my-lumbar-model',
      ]);
      const books = openBooks();
      try {
        const rows = books.db
          .sql<{ fieldsJson: string }>(
            "SELECT fieldsJson FROM audit WHERE event = 'MODEL_ACTIVATED' ORDER BY seq",
          )
          .all();
        expect(rows).toHaveLength(3);
        expect(JSON.parse(rows[1]!.fieldsJson)).toMatchObject({
          operator: 'fictional-operator',
          modelId: 'my-lumbar-model',
          detail: expect.stringMatching(
            /^forced: a trial on simulated images \(.*acceptance limits/,
          ) as string,
        });
        expect(books.audit.verify().intact).toBe(true);
      } finally {
        books.close();
      }
    });
    test('a package whose file was changed is refused, forced or not', () =>
      expectStep('damaged', 5, /the manifest pins/));
    test('rollback goes back to the model before, and no further than there is one', () => {
      expectStep('rollback', 0, /first is the active model again/);
      expectStep('second rollback', 5, /no model was active before/);
      const books = openBooks();
      try {
        expect(books.settings.get(activeModelSetting)).toBe('first');
      } finally {
        books.close();
      }
    });
  },
);
