import { describe, expect, test } from 'vitest';
import {
  type Comparison,
  type ComparedImage,
  comparisonJson,
  comparisonText,
} from '../../../../src/admin/reprocess/comparison-text.ts';

const image = (n: number, before: string, after: string): ComparedImage => ({
  sopInstanceUid: `2.25.${String(n).padStart(12, '0')}`,
  accessionNumber: `ACC${n}`,
  before: { outcome: before, figure: 'dls 10 %' },
  after: { outcome: after, figure: 'dls 60 %' },
});

function comparison(images: readonly ComparedImage[]): Comparison {
  return {
    asked: '2026-11-01 00:00:00 to 2026-11-08 00:00:00 (Europe/Berlin)',
    model: { id: 'fictional-model', version: '2.0.0', sha256: 'a1b2c3d4'.padEnd(64, '0') },
    images,
    leftOut: 2,
  };
}

const week = comparison([
  ...Array.from({ length: 60 }, (_, n) => image(n, 'NOT_DETECTED', 'NOT_DETECTED')),
  image(60, 'NOT_DETECTED', 'SUSPECTED'),
  image(61, 'NOT_DETECTED', 'SUSPECTED'),
  image(62, 'SUSPECTED', 'INDETERMINATE'),
]);

describe('the difference another model would make', () => {
  test('many images are numbers per pair of outcomes, and only those that change are listed', () => {
    expect(
      comparisonText(week),
    ).toBe(`Nothing was sent or changed. fictional-model 2.0.0 (a1b2c3d4) on 2026-11-01 00:00:00 to 2026-11-08
00:00:00 (Europe/Berlin):

was           with the other model  images
------------  --------------------  ------  -------
NOT_DETECTED  SUSPECTED             2       DIFFERS
SUSPECTED     INDETERMINATE         1       DIFFERS
NOT_DETECTED  NOT_DETECTED          60

accession  image ends with  was                     with the other model
---------  ---------------  ------------  --------  --------------------  --------  -------
ACC60      000000000060     NOT_DETECTED  dls 10 %  SUSPECTED             dls 60 %  DIFFERS
ACC61      000000000061     NOT_DETECTED  dls 10 %  SUSPECTED             dls 60 %  DIFFERS
ACC62      000000000062     SUSPECTED     dls 10 %  INDETERMINATE         dls 60 %  DIFFERS

3 of 63 images would end otherwise. 2 left out: out of scope, never analysed, or the file is gone.
`);
  });

  test('a few images are listed whole, the differing ones first', () => {
    const text = comparisonText(
      comparison([image(1, 'SUSPECTED', 'SUSPECTED'), image(2, 'SUSPECTED', 'NOT_DETECTED')]),
    );
    const lines = text.split('\n').filter((line) => line.startsWith('ACC'));
    expect(lines.map((line) => line.slice(0, 4))).toEqual(['ACC2', 'ACC1']);
  });

  test('JSON has the pairs, what changed and every image', () => {
    expect(JSON.parse(comparisonJson(week))).toMatchObject({
      schema: 1,
      pairs: [
        { before: 'NOT_DETECTED', after: 'SUSPECTED', count: 2 },
        { before: 'SUSPECTED', after: 'INDETERMINATE', count: 1 },
        { before: 'NOT_DETECTED', after: 'NOT_DETECTED', count: 60 },
      ],
      changed: [{ accessionNumber: 'ACC60' }, { accessionNumber: 'ACC61' }, { accessionNumber: 'ACC62' }],
      leftOut: 2,
    });
  });
});
