import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { startNodeUnderTest } from '../support/running-node.ts';

describe('a model that must not run (M01)', () => {
  test('nothing is analysed, images are received and wait, the alert stands, and the right file ends it', async () => {
    const models = mkdtempSync(join(tmpdir(), 'lumbar-models-'));
    onTestFinished(() => rmSync(models, { recursive: true }));
    cpSync(resolve(import.meta.dirname, '../../models/lumbar-nano-sim'), join(models, 'nano'), {
      recursive: true,
    });
    const weights = join(models, 'nano', 'model.onnx');
    const right = readFileSync(weights);
    const wrong = Buffer.from(right);
    wrong[5000] = (wrong[5000] ?? 0) ^ 1;
    writeFileSync(weights, wrong);

    const own = await startNodeUnderTest({
      settings: { model: { folder: models, id: 'nano', providers: ['cpu'] } },
    });
    try {
      await initialiseCodecs();
      const [image] = simulateStudy(30_900_001, {
        size: 512,
        tags: 'orderly',
        variant: 'model',
        views: ['neutral'],
      });
      const sent = await sendAsModality(
        [image!.bytes],
        {
          host: '127.0.0.1',
          port: own.node.port,
          callingAeTitle: demoTitles.modality,
          calledAeTitle: demoTitles.node,
        },
        () => 0,
        () => undefined,
      );
      expect(sent.ok).toBe(true);
      const disposition = () =>
        own.store.explain({ sopInstanceUid: image!.sopInstanceUid })?.images[0]?.instance.disposition;
      await own.until(
        'the alert',
        () => own.store.alerts.active().some(({ cause }) => cause === 'model-refused'),
        20_000,
      );
      expect(own.store.alerts.active()[0]?.detail).toContain('MODEL_HASH');
      expect(disposition()).toBe('pending');

      writeFileSync(weights, right);
      await own.until('the image is analysed', () => disposition() === 'analysed', 60_000);
      expect(own.store.alerts.active()).toEqual([]);
    } finally {
      await own.stop();
    }
  }, 120_000);
});
