import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crImage, type FakeHeader } from './fake-data-set.ts';
import { shippedFilter } from './shipped-filter.ts';

const filter = shippedFilter();

function read(text: string): string {
  const { region, view, dynamic } = filter.decide(crImage({ SeriesDescription: text }));
  return `${region}${view}${dynamic === undefined ? '' : ` ${dynamic}`}`;
}

describe('words of every language (region, view, dynamic)', () => {
  test.each([
    ['L SPINE LAT', 'YY'],
    ['L-SPINE LATERAL', 'YY'],
    ['LUMBAR X-TABLE LAT', 'YY'],
    ['LUMBOSACRAL LLAT', 'YY'],
    ['L5-S1 LAT', 'YY'],
    ['LS SPINE AP', 'YN'],
    ['LUMBAR A.P.', 'YN'],
    ['LUMBAR PA', 'YN'],
    ['L SPINE FERGUSON', 'YN'],
    ['L SPINE OBL', 'YN'],
    ['L SPINE LPO', 'YN'],
    ['L SPINE LAT FLEX', 'YY FLEXION'],
    ['L SPINE FORWARD BENDING', 'YY FLEXION'],
    ['LUMBAR LAT EXT', 'YY EXTENSION'],
    ['LUMBAR EXTENSION', 'YY EXTENSION'],
    ['LUMBAR BACKWARD BENDING', 'YY EXTENSION'],
    ['LWS seitl.', 'YY'],
    ['Lendenwirbelsäule seitlich', 'YY'],
    ['LENDENWIRBELSAEULE SEITE', 'YY'],
    ['LWS a.p.', 'YN'],
    ['LWS Schrägaufnahme', 'YN'],
    ['LWS schraeg', 'YN'],
    ['LWS Inklination', 'YY FLEXION'],
    ['LWS Anteflexion', 'YY FLEXION'],
    ['LWS Reklination', 'YY EXTENSION'],
    ['LWS Retroflexion', 'YY EXTENSION'],
    ['HWS seitlich', 'NY'],
    ['Rachis lombaire profil', 'YY'],
    ['rachis lombo-sacré face', 'YN'],
    ['rachis lombaire ¾', 'YN'],
    ['rachis lombaire oblique', 'YN'],
    ['rachis lombaire flexion', 'YY FLEXION'],
    ['rachis cervical profil', 'NY'],
    ['COLUMNA LUMBAR LATERAL', 'YY'],
    ['COLUNA LOMBAR PERFIL', 'YY'],
    ['RACHIDE LOMBOSACRALE LATERO-LATERALE', 'YY'],
    ['COLUMNA LUMBAR OBLICUA', 'YN'],
    ['COLUMNA LUMBAR FLEXIÓN', 'YY FLEXION'],
    ['COLUMNA LUMBAR EXTENSIÓN', 'YY EXTENSION'],
    ['RACHIDE LOMBARE FRONTALE', 'YN'],
    ['腰椎侧位', 'YY'],
    ['腰椎側位', 'YY'],
    ['腰椎正位', 'YN'],
    ['腰椎前后位', 'YN'],
    ['腰椎双斜位', 'YN'],
    ['腰椎过屈位', 'YY FLEXION'],
    ['腰椎前屈', 'YY FLEXION'],
    ['腰椎过伸位', 'YY EXTENSION'],
    ['腰椎后伸', 'YY EXTENSION'],
    ['腰骶椎侧位', 'YY'],
    ['颈椎侧位', 'NY'],
    ['腰椎侧弯', 'YN'],
    ['腰椎侧屈', 'YN'],
    ['胸腰椎侧位', 'UY'],
    ['腰椎 側面', 'YY'],
    ['腰椎 正面', 'YN'],
    ['腰椎 両斜', 'YN'],
    ['腰椎 前屈', 'YY FLEXION'],
    ['腰椎 後屈', 'YY EXTENSION'],
    ['腰椎 後伸', 'YY EXTENSION'],
    ['腰椎4方向', 'YU'],
    ['腰椎機能撮影', 'YU'],
    ['頚椎側面', 'NY'],
    ['요추 측면', 'YY'],
    ['요추 정면', 'YN'],
    ['요추 굴곡', 'YY FLEXION'],
    ['요추 신전', 'YY EXTENSION'],
    ['LÄNDRYGG FRONTAL', 'YN'],
    ['LÄNDRYGG SIDA', 'YU'],
    ['поясничный отдел боковая', 'YY'],
  ])('%s reads %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe('traps', () => {
  test.each([
    ['L SPINE BILATERAL', 'YU'],
    ['LATISSIMUS DORSI', 'UU'],
    ['L SPINE LATERAL BENDING', 'YN'],
    ['L SPINE LEFT BENDING', 'YN'],
    ['L SPINE RIGHT LATERAL BENDING', 'YN'],
    ['L SPINE LAT DECUBITUS', 'YN'],
    ['SHOULDER EXT ROT', 'NU'],
    ['EXT', 'UU'],
    ['UPPER EXT LAT', 'NY'],
    ['LUMBAR EXT ROT', 'YU'],
    ['LL', 'UU'],
    ['L', 'UU'],
    ['L SPINE L', 'YU'],
    ['CHEST PROFIL', 'NY'],
    ['LWS linke Seite', 'YU'],
    ['LSPINE_LAT', 'YY'],
    ['LSPINE.LAT', 'YY'],
    ['LSPINE^LAT', 'YY'],
    ['LSPINE+LAT', 'YY'],
    ['LSPINE&LAT', 'YY'],
    ['LSPINE=LAT', 'YY'],
    ['LSPINE/LAT', 'YY'],
    ['LSPINE-LAT', 'YY'],
    ['腰椎LAT', 'YY'],
    ['LAT腰椎', 'YY'],
    ['LAT2 L SPINE', 'YY'],
    ['lumbar spine lat.', 'YY'],
    ['腰椎ラテラル', 'YU'],
    ['LATERAL OBLIQUE L SPINE', 'YN'],
    ['LATERALLY LUMBAR', 'YU'],
    ['L SPINE AND PELVIS LAT', 'UY'],
  ])('%s reads %s', (text, expected) => {
    expect(read(text)).toBe(expected);
  });
});

describe('what must not change a verdict', () => {
  const texts = fc.constantFrom(
    'L SPINE LAT',
    'LWS seitl.',
    'Schrägaufnahme LWS',
    'CHEST PA',
    'LUMBAR LATERAL BENDING',
    '腰椎侧位',
    '腰椎 側面',
    'ＬＷＳ',
    'RACHIS LOMBAIRE PROFIL',
    'FLEXIÓN LUMBAR',
    'AP/LAT',
    'LSPINE SPOT LAT',
  );
  const headers = fc.record({
    BodyPartExamined: fc.constantFrom('', 'LSPINE', 'CHEST', 'l-spine', 'SPINE'),
    ViewPosition: fc.constantFrom('', 'LL', 'AP', 'lat', 'RLD'),
    SeriesDescription: texts,
    ProtocolName: texts,
  });
  const verdict = (header: FakeHeader): string => {
    const { verdict: said, region, view, dynamic, reasons } = filter.decide(crImage(header));
    return JSON.stringify([said, region, view, dynamic, reasons.map((reason) => reason.code)]);
  };
  const mapped = (header: FakeHeader, change: (text: string) => string): FakeHeader =>
    Object.fromEntries(Object.entries(header).map(([key, value]) => [key, change(String(value))]));
  const fullWidth = (text: string): string =>
    text
      .replaceAll(/[!-~]/g, (char) => String.fromCharCode(char.charCodeAt(0) + 0xfee0))
      .replaceAll(' ', '\u3000');

  test('upper and lower case', () => {
    fc.assert(
      fc.property(headers, (header) => {
        expect(verdict(mapped(header, (text) => text.toLowerCase()))).toBe(verdict(header));
        expect(verdict(mapped(header, (text) => text.toUpperCase()))).toBe(verdict(header));
      }),
    );
  });
  test('full-width characters', () => {
    fc.assert(
      fc.property(headers, (header) => {
        expect(verdict(mapped(header, fullWidth))).toBe(verdict(header));
      }),
    );
  });
  test('composed or decomposed accents', () => {
    fc.assert(
      fc.property(headers, (header) => {
        expect(verdict(mapped(header, (text) => text.normalize('NFD')))).toBe(verdict(header));
      }),
    );
  });
  test('the order of the attributes', () => {
    fc.assert(
      fc.property(headers, fc.infiniteStream(fc.nat()), (header, random) => {
        const shuffled = Object.entries(header)
          .map((entry) => ({ entry, key: random.next().value }))
          .sort((a, b) => a.key - b.key);
        expect(verdict(Object.fromEntries(shuffled.map(({ entry }) => entry)))).toBe(verdict(header));
      }),
    );
  });
  test('no text at all makes it fail or be included without a lumbar lateral reason', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (series, body) => {
        const decision = filter.decide(crImage({ SeriesDescription: series, BodyPartExamined: body }));
        if (decision.verdict === 'include') expect([decision.region, decision.view]).toEqual(['Y', 'Y']);
        else expect(decision.reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
