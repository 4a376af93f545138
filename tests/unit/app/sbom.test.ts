import { describe, expect, test } from 'vitest';
import { completeBill } from '../../../src/app/sbom/bill.ts';
import { sha256Hex } from '../../../src/core/identifiers.ts';
import { manifestFixture } from '../../support/model-fixture.ts';

describe('completeBill (CycloneDX 1.5)', () => {
  test('adds compiled code with its hash, what is linked into it, and the models, each under a name of its own', () => {
    const npm = {
      bomFormat: 'CycloneDX',
      specVersion: '1.5',
      components: [{ 'bom-ref': 'zod@4.0.0', type: 'library' as const, name: 'zod', version: '4.0.0' }],
    };
    const bill = completeBill(npm, {
      nativeFiles: [{ path: 'x/libx.so.1', bytes: Buffer.from('code') }],
      linked: [{ name: 'openssl', version: '3.5.8', within: 'node' }],
      models: [manifestFixture({ sha256: 'a'.repeat(64) })],
    });
    expect(bill.components.map((one) => [one['bom-ref'], one.type])).toEqual([
      ['zod@4.0.0', 'library'],
      ['file:x/libx.so.1', 'file'],
      ['linked:node/openssl@3.5.8', 'library'],
      ['model:fictional-model@1.0.0', 'machine-learning-model'],
    ]);
    expect(bill.components[1]?.hashes).toEqual([{ alg: 'SHA-256', content: sha256Hex('code') }]);
    expect(bill.components[3]).toMatchObject({
      hashes: [{ alg: 'SHA-256', content: 'a'.repeat(64) }],
      description: 'Fictional model. Trained on simulated radiographs only. Clinical use: no.',
    });
  });
});
