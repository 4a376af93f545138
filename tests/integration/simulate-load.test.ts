import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  type LoadOptions,
  readLoadSyntax,
  readLoadTarget,
  readRate,
  sendLoad,
} from '../../src/app/simulate-load.ts';
import { readPart10 } from '../../src/dicom/part10-reader.ts';
import { transferSyntaxUid } from '../../src/dicom/transfer-syntax.ts';
import { decodeFrames } from '../../src/imaging/decode-frames.ts';
import { type MiniPacs, type ReceivedObject, startMiniPacs } from '../../src/simulator/mini-pacs.ts';
import { hostClock } from '../../src/store/store.ts';

let folder: string;
let received: ReceivedObject[];
let node: MiniPacs;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lumbar-load-'));
  received = [];
  node = await startMiniPacs({
    host: '127.0.0.1',
    port: 0,
    aeTitle: 'LUMBAR_NODE',
    folder,
    nowMs: () => hostClock.nowMs(),
    onReceived: (object) => received.push(object),
  });
});
afterEach(async () => {
  await node.close();
  rmSync(folder, { recursive: true });
});

const load = (changes: Partial<LoadOptions> = {}): LoadOptions => ({
  target: { host: '127.0.0.1', port: node.port, calledAeTitle: 'LUMBAR_NODE' },
  callingAeTitle: 'SIMULATED',
  firstSeed: 30_910_001,
  patients: 2,
  repeat: 3,
  senders: 3,
  imagesPerSecond: 1000,
  views: ['neutral'],
  size: 256,
  tags: 'orderly',
  transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
  format: 'json',
  ...changes,
});

describe('simulated modalities as load', () => {
  test('every study is sent as often as asked for, each time under UIDs of its own', async () => {
    const steps: number[] = [];
    const { exitCode, text } = await sendLoad(load(), (done) => void steps.push(done));
    expect(exitCode).toBe(0);
    expect(JSON.parse(text)).toMatchObject({ schema: 1, images: 6, acknowledged: 6, faults: {} });
    expect(received).toHaveLength(6);
    expect(new Set(received.map(({ sopInstanceUid }) => sopInstanceUid)).size).toBe(6);
    expect(steps.at(-1)).toBe(6);
  }, 60_000);

  test('compressed images keep their pixels: nothing but UIDs differs in length or content', async () => {
    await sendLoad(
      load({ patients: 1, repeat: 2, transferSyntaxUid: transferSyntaxUid.jpegLosslessSv1 }),
      () => undefined,
    );
    expect(received).toHaveLength(2);
    expect(new Set(received.map(({ dataSetBytes }) => dataSetBytes)).size).toBe(1);
    for (const { path } of received) {
      const file = readPart10(readFileSync(path));
      if (!file.ok) throw file.error;
      expect(await decodeFrames(file.value)).toMatchObject({ ok: true });
    }
  }, 60_000);

  test('what is not acknowledged is counted by its cause; a node that is not there is exit code 3', async () => {
    const strange = await sendLoad(
      load({ target: { host: '127.0.0.1', port: node.port, calledAeTitle: 'OTHER' }, format: 'text' }),
      () => undefined,
    );
    expect(strange.exitCode).toBe(1);
    const { port } = node;
    await node.close();
    const { exitCode, text } = await sendLoad(
      load({ target: { host: '127.0.0.1', port, calledAeTitle: 'LUMBAR_NODE' }, format: 'text', repeat: 1 }),
      () => undefined,
    );
    expect(exitCode).toBe(3);
    expect(text).toMatch(/^0 of 2 images acknowledged[^\n]*\n2 studies: /);
    node = await startMiniPacs({
      host: '127.0.0.1',
      port: 0,
      aeTitle: 'X',
      folder,
      nowMs: () => 0,
      onReceived: () => undefined,
    });
  }, 60_000);
});

describe('how load is written', () => {
  test.each([
    ['10.0.0.5:11112/LUMBAR_NODE', { host: '10.0.0.5', port: 11_112, calledAeTitle: 'LUMBAR_NODE' }],
    ['[::1]:104/A NODE', { host: '::1', port: 104, calledAeTitle: 'A NODE' }],
    ['10.0.0.5/LUMBAR_NODE', undefined],
    ['10.0.0.5:0/X', undefined],
    ['10.0.0.5:99999/X', undefined],
    ['LUMBAR_NODE@10.0.0.5:104', undefined],
  ])('target %s', (text, expected) => {
    const target = readLoadTarget(text);
    expect(target.ok ? target.value : undefined).toEqual(expected);
  });
  test.each([
    ['2/s', 2],
    ['90/min', 1.5],
    ['7200/h', 2],
    ['0/s', undefined],
    ['2', undefined],
  ])('rate %s', (text, expected) => {
    const rate = readRate(text);
    expect(rate.ok ? rate.value : undefined).toBe(expected);
  });
  test('a data set that is deflated cannot get new UIDs and is not sent', () => {
    expect(readLoadSyntax(transferSyntaxUid.deflatedExplicitVrLittleEndian).ok).toBe(false);
    expect(readLoadSyntax('mixed').ok).toBe(false);
  });
});
