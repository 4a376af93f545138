import { describe, expect, test } from 'vitest';
import type { ViewInput } from '../../../src/pipeline/view-filter/index.ts';
import { code, crImage, dxImage, type FakeHeader } from './fake-data-set.ts';
import { shippedFilter } from './shipped-filter.ts';

const filter = shippedFilter();
const lumbar: FakeHeader = { BodyPartExamined: 'LSPINE' };

function verdictOf(input: ViewInput): string {
  const { verdict, reasons } = filter.decide(input);
  return [verdict, ...reasons.map((reason) => reason.code)].join(' ');
}

describe('Body Part Examined (PS3.16 Annex L and what is written instead)', () => {
  test.each([
    ['LSPINE', 'Y'],
    ['LSSPINE', 'Y'],
    ['L SPINE', 'Y'],
    ['L-SPINE', 'Y'],
    ['L_SPINE', 'Y'],
    ['LUMBAR', 'Y'],
    ['LUMBOSACRAL S', 'Y'],
    ['LUMBAR SPOT', 'Y'],
    ['XR SPINE LUMBAR 2-3 VIEWS', 'Y'],
    ['PORT L SPINE', 'Y'],
    ['SPINE LUMBAR', 'Y'],
    ['LSPINE LAT', 'Y'],
    ['TLSPINE', 'U'],
    ['T L SPINE', 'U'],
    ['SPINE', 'U'],
    ['SPINE THORACOLUM', 'U'],
    ['LA SPINE', 'U'],
    ['B?cken', 'U'],
    ['WHOLEBODY', 'U'],
    ['TSPINE', 'N'],
    ['CSPINE', 'N'],
    ['CTSPINE', 'N'],
    ['SSPINE', 'N'],
    ['COCCYX', 'N'],
    ['PELVIS', 'N'],
    ['ABDOMEN', 'N'],
    ['HIP', 'N'],
    ['SHUNT SERIES', 'N'],
  ])('%s gives region %s', (value, region) => {
    expect(filter.decide(crImage({ BodyPartExamined: value })).region).toBe(region);
  });
});

describe('Anatomic Region Sequence (CID 4009, 4031) in SCT and SRT', () => {
  test.each([
    ['122496007', 'SCT', 'Y'],
    ['T-11503', 'SRT', 'Y'],
    ['T-11503', 'SNM3', 'Y'],
    ['T-11503', '99SDM', 'Y'],
    ['1217253001', 'SCT', 'Y'],
    ['66794005', 'SCT', 'Y'],
    ['49668003', 'SCT', 'Y'],
    ['243927000', 'SCT', 'Y'],
    ['1217256009', 'SCT', 'U'],
    ['421060004', 'SCT', 'U'],
    ['T-D04FF', 'SRT', 'U'],
    ['T-99999', 'SRT', 'U'],
    ['122496007', '99LOCAL', 'U'],
    ['122495006', 'SCT', 'N'],
    ['T-11501', 'SRT', 'N'],
    ['54735007', 'SCT', 'N'],
    ['T-15680', 'SRT', 'N'],
    ['64688005', 'SCT', 'N'],
  ])('%s %s gives region %s', (value, scheme, region) => {
    expect(filter.decide(dxImage({ AnatomicRegionSequence: [code(value, scheme)] })).region).toBe(region);
  });

  test.each(['24971-4', '24969-8', '24970-6', '24972-2'])(
    'LOINC %s names the region of a protocol, never the view',
    (loinc) => {
      const decision = filter.decide(dxImage({ PerformedProtocolCodeSequence: [code(loinc, 'LN')] }));
      expect([decision.region, decision.view]).toEqual(['Y', 'U']);
    },
  );
});

describe('View Position (0018,5101)', () => {
  test.each([
    ['LL', 'Y'],
    ['RL', 'Y'],
    ['LAT', 'Y'],
    ['LATERAL', 'Y'],
    ['LL LAT', 'Y'],
    ['XTABLE', 'Y'],
    ['AP', 'N'],
    ['PA', 'N'],
    ['RLO', 'N'],
    ['LLO', 'N'],
    ['OBL', 'N'],
    ['LPO', 'N'],
    ['RPO', 'N'],
    ['LAO', 'N'],
    ['RAO', 'N'],
    ['RLD', 'U'],
    ['LLD', 'U'],
    ['L', 'U'],
    ['R', 'U'],
    ['', 'U'],
    ['UNKNOWN', 'U'],
  ])('%s gives view %s', (value, view) => {
    expect(filter.decide(crImage({ ViewPosition: value })).view).toBe(view);
  });

  test.each([
    ['FLEX', 'FLEXION'],
    ['EXT', 'EXTENSION'],
  ])('%s gives %s and implies lateral on a lumbar image', (value, dynamic) => {
    const decision = filter.decide(crImage({ ...lumbar, ViewPosition: value }));
    expect([decision.verdict, decision.dynamic]).toEqual(['include', dynamic]);
  });
});

describe('View Code Sequence (CID 4010) in SCT and SRT', () => {
  test.each([
    ['399067008', 'SCT', 'Y'],
    ['R-102CD', 'SRT', 'Y'],
    ['R-102CD', 'SNM3', 'Y'],
    ['399173006', 'SCT', 'Y'],
    ['R-10232', 'SRT', 'Y'],
    ['30730003', 'SCT', 'Y'],
    ['G-A145', 'SRT', 'Y'],
    ['399260004', 'SCT', 'Y'],
    ['399348003', 'SCT', 'N'],
    ['R-10206', 'SRT', 'N'],
    ['272479007', 'SCT', 'N'],
    ['399033003', 'SCT', 'N'],
    ['399182000', 'SCT', 'N'],
    ['R-40783', 'SRT', 'N'],
    ['399038007', 'SCT', 'N'],
    ['399061009', 'SCT', 'N'],
    ['399162004', 'SCT', 'N'],
    ['123', 'SCT', 'U'],
  ])('%s %s gives view %s', (value, scheme, view) => {
    expect(filter.decide(dxImage({ ViewCodeSequence: [code(value, scheme)] })).view).toBe(view);
  });

  test('Crosstable (111069 DCM, CID 4011), nested or beside, supports lateral', () => {
    const nested = dxImage({
      ViewCodeSequence: [{ ...code('123', 'SCT'), ViewModifierCodeSequence: [code('111069', 'DCM')] }],
    });
    expect(filter.decide(nested).view).toBe('Y');
  });
});

describe('flexion and extension (TID 3460, CID 92)', () => {
  test.each([
    ['9964006', 'SCT', 'FLEXION'],
    ['F-10110', 'SRT', 'FLEXION'],
    ['24154002', 'SCT', 'EXTENSION'],
    ['F-10100', 'SRT', 'EXTENSION'],
    ['109136', 'DCM', 'NEUTRAL'],
  ])('%s %s in the acquisition context is %s', (value, scheme, dynamic) => {
    const context = [
      { ConceptNameCodeSequence: [code('whatever', '99X')], ConceptCodeSequence: [code(value, scheme)] },
    ];
    expect(filter.decide(dxImage({ AcquisitionContextSequence: context })).dynamic).toBe(dynamic);
  });

  test('the same codes in View Modifier Code Sequence are accepted', () => {
    expect(filter.decide(dxImage({ ViewModifierCodeSequence: [code('9964006', 'SCT')] })).dynamic).toBe(
      'FLEXION',
    );
  });

  test('a contradiction is no dynamic and never changes the verdict', () => {
    const decision = filter.decide(
      crImage({ ...lumbar, ViewPosition: 'LL', SeriesDescription: 'FLEXION', ProtocolName: 'EXTENSION' }),
    );
    expect([decision.verdict, decision.dynamic]).toEqual(['include', undefined]);
  });
});

describe('Patient Orientation (0020,0020) counts as geometry', () => {
  test.each([
    ['A\\F', 'Y', 'Y'],
    ['P\\F', 'Y', 'Y'],
    ['A\\FP', 'Y', 'Y'],
    ['AH\\FA', 'Y', 'Y'],
    ['F\\A', 'Y', 'Y'],
    ['L\\F', 'N', 'U'],
    ['R\\F', 'N', 'U'],
    ['AL\\F', 'N', 'U'],
    ['X\\F', 'U', 'U'],
    ['A\\P', 'U', 'U'],
    ['', 'U', 'U'],
  ])('%s gives %s on DX and %s on CR', (value, dx, cr) => {
    expect([
      filter.decide(dxImage({ PatientOrientation: value })).view,
      filter.decide(crImage({ PatientOrientation: value })).view,
    ]).toEqual([dx, cr]);
  });
});

describe('hard gates (stage A)', () => {
  const good: FakeHeader = { ...lumbar, ViewPosition: 'LL' };
  test('a lateral lumbar image is included without a reason', () => {
    expect(verdictOf(crImage(good))).toBe('include');
  });
  test.each([
    ['own output', crImage(good, { isOwnObject: true }), 'S05'],
    [
      'Secondary Capture with Modality CR',
      crImage({ ...good, Modality: 'CR' }, { sopClassUid: '1.2.840.10008.5.1.4.1.1.7' }),
      'S01',
    ],
    ['MR', crImage(good, { sopClassUid: '1.2.840.10008.5.1.4.1.1.4' }), 'S01'],
    ['DX For Processing by class', crImage(good, { sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1.1' }), 'S04'],
    ['For Processing by intent', dxImage({ ...good, PresentationIntentType: 'FOR PROCESSING' }), 'S04'],
    ['RGB', crImage({ ...good, SamplesPerPixel: 3, PhotometricInterpretation: 'RGB' }), 'S08'],
    ['palette', crImage({ ...good, PhotometricInterpretation: 'PALETTE COLOR' }), 'S08'],
    ['several frames', crImage({ ...good, NumberOfFrames: 2 }), 'S09'],
    ['secondary', crImage({ ...good, ImageType: 'DERIVED\\SECONDARY' }), 'S06'],
    ['an AI overlay', crImage({ ...good, ImageType: 'DERIVED\\PRIMARY\\AI' }), 'S06'],
    ['a screen save', crImage({ ...good, ImageType: 'DERIVED\\PRIMARY\\SCREEN SAVE' }), 'S06'],
    ['Quality Control Image YES', crImage({ ...good, QualityControlImage: 'YES' }), 'S07'],
    ['a QC patient', crImage({ ...good, PatientID: 'qc-2026' }), 'S07'],
    ['a phantom by name', crImage({ ...good, PatientName: 'PHANTOM^LUMBAR' }), 'S07'],
    ['no pixels', crImage(good, { hasPixelData: false }), 'T04'],
    ['too few rows', crImage({ ...good, Rows: 255 }), 'Q02'],
    ['too few columns', crImage({ ...good, Columns: 100 }), 'Q02'],
    ['a full-spine text', crImage({ ...good, SeriesDescription: 'FULL SPINE LAT' }), 'S13'],
    ['scoliosis', crImage({ ...good, BodyPartExamined: 'Scoliosis' }), 'S13'],
    ['a stitched image type', crImage({ ...good, ImageType: 'DERIVED\\PRIMARY\\STITCHED' }), 'S13'],
    ['the stitching code', crImage({ ...good, DerivationCodeSequence: [code('113090', 'DCM')] }), 'S13'],
  ])('%s is excluded', (_name, input, reason) => {
    expect(verdictOf(input)).toBe(`exclude ${reason}`);
  });
  test('DERIVED\\PRIMARY, which CR readers write after processing, is not a reason', () => {
    expect(verdictOf(crImage({ ...good, ImageType: 'DERIVED\\PRIMARY\\POST_PROCESSED' }))).toBe('include');
  });
  test('a tall image alone is only a question', () => {
    expect(verdictOf(crImage({ ...good, Rows: 3000, Columns: 1000 }))).toBe('unknown S13');
  });
  test('a patient called Quince is not quality control', () => {
    expect(verdictOf(crImage({ ...good, PatientName: 'QUINCE^QCA', PatientID: 'AQC1' }))).toBe('include');
  });
});

describe('how evidence is combined (never a majority)', () => {
  const lateralCode = { ViewCodeSequence: [code('399067008', 'SCT')] };
  test.each<[string, FakeHeader, string]>([
    ['nothing at all is held', {}, 'unknown S11 S10'],
    [
      'View Position AP against oblique text is still not lateral',
      { ...lumbar, ViewPosition: 'AP', SeriesDescription: 'OBLI 2' },
      'exclude S02',
    ],
    [
      'View Position AP against lateral text is a conflict',
      { ...lumbar, ViewPosition: 'AP', SeriesDescription: 'L SPINE LAT' },
      'unknown S12',
    ],
    [
      'two lateral texts do not outvote View Position',
      { ...lumbar, ViewPosition: 'AP', SeriesDescription: 'LAT', ProtocolName: 'LATERAL' },
      'unknown S12',
    ],
    [
      'a code wins when a lower rank agrees',
      { ...lumbar, ...lateralCode, ViewPosition: 'AP', SeriesDescription: 'LAT' },
      'include',
    ],
    [
      'a code alone against a term is a conflict',
      { ...lumbar, ...lateralCode, ViewPosition: 'AP' },
      'unknown S12',
    ],
    ['a code wins over silence', { ...lumbar, ...lateralCode }, 'include'],
    [
      'two codes that differ are a conflict',
      { ...lumbar, ViewCodeSequence: [code('399067008', 'SCT'), code('399348003', 'SCT')] },
      'unknown S12',
    ],
    ['study text gives a silent region', { ViewPosition: 'LL', StudyDescription: 'XR L-SPINE' }, 'include'],
    [
      'study text makes a bare SPINE lumbar',
      {
        BodyPartExamined: 'SPINE',
        ViewPosition: 'LL',
        RequestedProcedureDescription: 'LUMBAR SPINE 2 VIEWS',
      },
      'include',
    ],
    [
      'study text does not make a thoraco-lumbar image lumbar',
      { BodyPartExamined: 'TLSPINE', ViewPosition: 'LL', StudyDescription: 'XR L-SPINE' },
      'unknown S11',
    ],
    ['study text never gives a view', { ...lumbar, StudyDescription: 'LUMBAR SPINE LATERAL' }, 'unknown S10'],
    [
      'study text never contradicts an image',
      { ...lumbar, ViewPosition: 'LL', StudyDescription: 'CHEST AP' },
      'include',
    ],
    [
      'a chest in a lumbar study is excluded',
      { BodyPartExamined: 'CHEST', ViewPosition: 'LL', StudyDescription: 'XR L-SPINE' },
      'exclude S03',
    ],
    [
      'Agfa: cervical LL with L\\F',
      {
        BodyPartExamined: 'CSPINE',
        ViewPosition: 'LL',
        PatientOrientation: 'L\\F',
        SeriesDescription: 'Cervical LAT',
      },
      'exclude S03',
    ],
    ['Fuji hip without a view', { BodyPartExamined: 'HIP' }, 'exclude S03'],
    [
      'body part and text differ',
      { BodyPartExamined: 'LSPINE', SeriesDescription: 'CHEST LAT', ViewPosition: 'LL' },
      'unknown S12',
    ],
  ])('%s', (_name, header, expected) => {
    expect(verdictOf(crImage(header))).toBe(expected);
  });
});

describe('set phrases, spot views and what flexion implies', () => {
  test.each([
    'AP/LAT',
    '腰椎正侧位',
    'LWS 2 EBENEN',
    'LUMBAR FLEX/EXT',
    '腰椎6方向',
    'L SPINE 2-3 VIEWS',
    'FUNKTIONSAUFNAHMEN LWS',
    'RACHIS LOMBAIRE FACE + PROFIL',
    'DYNAMIC',
    'BENDING',
    '過伸過屈位',
    '腰椎功能位',
  ])('"%s" names the exam, so the image is held', (text) => {
    expect(verdictOf(crImage({ ...lumbar, SeriesDescription: text }))).toBe('unknown S10');
  });
  test('a set phrase does not silence View Position', () => {
    expect(verdictOf(crImage({ ...lumbar, ViewPosition: 'LL', SeriesDescription: 'L SPINE AP/LAT' }))).toBe(
      'include',
    );
  });
  test('flexion text on a lumbar image implies lateral', () => {
    const decision = filter.decide(crImage({ ...lumbar, SeriesDescription: 'FLEXION' }));
    expect([decision.verdict, decision.evidence.steps]).toEqual(['include', ['DYNAMIC_IMPLIES_LATERAL']]);
  });
  test.each<[string, FakeHeader, string]>([
    ['not without a lumbar region', { SeriesDescription: 'FLEXION' }, 'unknown S11 S10'],
    ['not against AP', { ...lumbar, SeriesDescription: 'AP FLEXION' }, 'exclude S02'],
    [
      'not beside a set phrase',
      { ...lumbar, SeriesDescription: 'FLEXION', ProtocolName: 'AP/LAT' },
      'unknown S10',
    ],
    ['not on a spot view', { ...lumbar, SeriesDescription: 'FLEXION SPOT' }, 'unknown S10'],
    [
      'not after a conflict',
      { ...lumbar, SeriesDescription: 'FLEXION', ViewPosition: 'AP', ProtocolName: 'LAT' },
      'unknown S12',
    ],
    ['not for bending alone', { ...lumbar, SeriesDescription: 'BENDING' }, 'unknown S10'],
  ])('%s', (_name, header, expected) => {
    expect(verdictOf(crImage(header))).toBe(expected);
  });
  test.each(['LUMBAR SPOT LAT', 'L5-S1 CONE DOWN LAT', 'LWS ZIELAUFNAHME SEITL.'])(
    '"%s" is a spot view and held',
    (text) => {
      expect(verdictOf(crImage({ ...lumbar, SeriesDescription: text }))).toBe('unknown S14');
    },
  );
  test('a site may include spot views', () => {
    expect(
      shippedFilter('{spot: include}').decide(crImage({ ...lumbar, SeriesDescription: 'LUMBAR SPOT LAT' }))
        .verdict,
    ).toBe('include');
  });
});

describe('rules.unknown', () => {
  const skipping = shippedFilter('{unknown: exclude}');
  test('exclude skips what the header does not tell, with the reasons that hold would give', () => {
    expect(skipping.decide(crImage(lumbar))).toMatchObject({
      verdict: 'exclude',
      reasons: [{ code: 'S10' }],
    });
    expect(filter.decide(crImage(lumbar))).toMatchObject({ verdict: 'unknown', reasons: [{ code: 'S10' }] });
  });
  test('exclude does not skip what another rule holds', () => {
    const spot = crImage({ ...lumbar, SeriesDescription: 'LUMBAR SPOT LAT' });
    expect(skipping.decide(spot).verdict).toBe('unknown');
  });
});

describe('the site dictionary goes on top', () => {
  const site = shippedFilter(
    '{dictionary: [{text: LWS STEHEND 2, attribute: ProtocolName, sender: DX_ROOM1, region: lumbar, view: lateral}, {text: AP/LAT, match: contains, view: lateral}, {text: STANDING B, dynamic: flexion}]}',
  );
  test('a local name decides', () => {
    expect(site.decide(crImage({ ProtocolName: 'lws_stehend-2' })).verdict).toBe('include');
  });
  test('not from another sender, not in another attribute, not as a part', () => {
    const others = [
      crImage({ ProtocolName: 'LWS STEHEND 2' }, { callingAeTitle: 'OTHER' }),
      crImage({ SeriesDescription: 'LWS STEHEND 2' }),
      crImage({ ProtocolName: 'LWS STEHEND 2 B' }),
    ];
    expect(others.map((input) => site.decide(input).verdict)).toEqual(['unknown', 'unknown', 'unknown']);
  });
  test('it overrules the general vocabulary, set phrases too', () => {
    expect(site.decide(crImage({ SeriesDescription: 'L SPINE AP/LAT 3' })).verdict).toBe('include');
  });
  test('it changes the rule version', () => {
    expect(site.ruleVersion).not.toBe(filter.ruleVersion);
  });
});

describe('the decision record', () => {
  test('names the attributes that decided and no patient attribute', () => {
    const decision = filter.decide(
      crImage({ ...lumbar, ViewPosition: 'AP', PatientName: 'FICTIONAL^ANNA', PatientID: 'F-1' }),
    );
    expect(decision.reasons).toEqual([{ code: 'S02', detail: 'ViewPosition=AP' }]);
    expect(JSON.stringify(decision)).not.toMatch(/FICTIONAL|F-1/);
    expect(decision.ruleVersion).toMatch(/^[0-9a-f]{16}$/);
  });
});
