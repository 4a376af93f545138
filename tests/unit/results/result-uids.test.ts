import { describe, expect, test } from 'vitest';
import type { ResultContext } from '../../../src/pipeline/result-input.ts';
import { deviceUid, instanceUid, seriesUid, trackingUid } from '../../../src/pipeline/result-uids.ts';
import { context } from './fixtures.ts';

const identity = { kind: 'sr', sources: ['1.2.3', '1.2.4'], revision: 1 } as const;
const retrained: ResultContext = { ...context, model: { ...context.model, sha256: 'ff'.repeat(32) } };
const otherSettings: ResultContext = { ...context, node: { ...context.node, configSha256: '00'.repeat(32) } };

describe('UIDs of result objects (PS3.5 B.2)', () => {
  test('are the same for the same inputs in any order of sources', () => {
    expect(instanceUid(context, { ...identity, sources: ['1.2.4', '1.2.3'] })).toBe(
      instanceUid(context, identity),
    );
  });

  // Python: '2.25.%d' % uuid.uuid5(namespace, 'NODE-01|sr|1.2.3,1.2.4|<model>|<config>|1').int
  test('are the decimal version-5 UUID that another implementation computes, for ever', () => {
    expect(instanceUid(context, identity)).toBe('2.25.285537600198940760174076912546332526308');
    expect(deviceUid(context.node, context.model)).toBe('2.25.301241251325203428320027473322374582182');
  });

  test.each([
    ['revision', instanceUid(context, { ...identity, revision: 2 })],
    ['kind', instanceUid(context, { ...identity, kind: 'sc' })],
    ['SR class', instanceUid(context, { ...identity, variant: '1.2.840.10008.5.1.4.1.1.88.33' })],
    ['source', instanceUid(context, { ...identity, sources: ['1.2.3'] })],
    ['model', instanceUid(retrained, identity)],
    ['settings', instanceUid(otherSettings, identity)],
  ])('change with the %s', (_what, uid) => {
    expect(uid).not.toBe(instanceUid(context, identity));
    expect(uid).toMatch(/^2\.25\.[1-9]\d{0,38}$/);
  });

  test('of a series depend on study, model and kind only', () => {
    expect(seriesUid(otherSettings, 'sr')).toBe(seriesUid(context, 'sr'));
    expect(seriesUid(retrained, 'sr')).not.toBe(seriesUid(context, 'sr'));
    expect(seriesUid(context, 'sc')).not.toBe(seriesUid(context, 'sr'));
  });

  test('of the device change when the model is retrained and not with the settings', () => {
    expect(deviceUid(otherSettings.node, context.model)).toBe(deviceUid(context.node, context.model));
    expect(deviceUid(context.node, retrained.model)).not.toBe(deviceUid(context.node, context.model));
  });

  test('of a tracked finding differ between classes and images', () => {
    const uids = ['LS', 'DLS'].flatMap((id) =>
      ['1.2.3', '1.2.4'].map((source) => trackingUid(context, source, id)),
    );
    expect(new Set(uids).size).toBe(4);
  });
});
