import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { modelActivateVerb, modelRollbackVerb } from '../../src/app/model/model-verbs.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { sendToNode } from '../support/send-to-node.ts';
import { type NodeUnderTest, startNodeUnderTest } from '../support/running-node.ts';

/** A package like the nano model under a name of its own. */
function installPackage(models: string, id: string): void {
  cpSync(resolve(import.meta.dirname, '../../models/lumbar-nano-sim'), join(models, id), { recursive: true });
  const path = join(models, id, 'manifest.json');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  writeFileSync(path, JSON.stringify({ ...manifest, id }));
}

async function analysedBy({ node, store, until }: NodeUnderTest, seed: number): Promise<unknown> {
  const [image] = simulateStudy(seed, {
    size: 512,
    tags: 'orderly',
    variant: 'model-change',
    views: ['neutral'],
  });
  await sendToNode(node.port, [image!.bytes]);
  const disposition = () =>
    store.explain({ sopInstanceUid: image!.sopInstanceUid })?.images[0]?.instance.disposition;
  await until('the image is analysed', () => disposition() === 'analysed', 60_000);
  return store.auditQuery.query({ event: 'MODEL_LOADED', limit: 1 }).rows[0]?.fields['modelId'];
}

describe('another model for a running node', () => {
  test('activation and rollback are taken at once, without a restart and without a lost image', async () => {
    await initialiseCodecs();
    const models = mkdtempSync(join(tmpdir(), 'lumbar-models-'));
    onTestFinished(() => rmSync(models, { recursive: true }));
    installPackage(models, 'first');
    const own = await startNodeUnderTest({ settings: { model: { folder: models, providers: ['cpu'] } } });
    let printed = '';
    const terminal = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
      printed += String(text);
      return true;
    });
    const force = { force: true, reason: 'a trial with simulated images' } as const;
    try {
      const { listener } = own.node.supervisor.pids();
      expect(await analysedBy(own, 31_000_001)).toBe('first');
      // A package that lies there and was not chosen changes nothing, not even for a worker that starts anew.
      installPackage(models, 'second');
      process.kill(own.node.supervisor.pids().worker ?? 0, 'SIGKILL');
      expect(await analysedBy(own, 31_000_002)).toBe('first');
      const { worker } = own.node.supervisor.pids();

      expect(await modelActivateVerb(own.configFolder, 'second', force)).toBe(0);
      expect(printed).toMatch(
        /second is the active model; before it was first\.\nThe running node has loaded it \(cpu\)/,
      );
      expect(await analysedBy(own, 31_000_003)).toBe('second');
      expect(own.node.supervisor.pids().worker).not.toBe(worker);

      expect(await modelActivateVerb(own.configFolder, 'first', force)).toBe(0);
      printed = '';
      expect(await modelRollbackVerb(own.configFolder, 'a trial')).toBe(0);
      expect(printed).toMatch(/second is the active model again\.\nThe running node has loaded it/);
      expect(await analysedBy(own, 31_000_004)).toBe('second');
      expect(own.node.supervisor.pids().listener).toBe(listener);
    } finally {
      terminal.mockRestore();
      await own.stop();
    }
  }, 180_000);
});
