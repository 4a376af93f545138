import { describe, expect, test } from 'vitest';
import { outcomes } from '../../../src/core/outcome.ts';
import type { AnalysedImage, ResultContext } from '../../../src/pipeline/result-input.ts';
import type { ReportedImage, ReportOptions } from '../../../src/pipeline/structured-report/report-input.ts';
import { buildStructuredReport } from '../../../src/pipeline/structured-report/structured-report.ts';
import { classes, context, image, imageOf, influence, resources } from './fixtures.ts';
import { codedTriples, codeValue, contentItems, type ReadItem, read } from './tree.ts';

const capture = {
  sopClassUid: '1.2.840.10008.5.1.4.1.1.7',
  sopInstanceUid: '2.25.111',
  seriesInstanceUid: '2.25.222',
  mapClassId: 'DLS',
};

function build(
  images: readonly ReportedImage[],
  options: Partial<ReportOptions> = {},
  within: ResultContext = context,
): Uint8Array {
  const all: ReportOptions = {
    resources: resources(),
    sopClass: 'Comprehensive3DSR',
    revision: 1,
    ...options,
  };
  return buildStructuredReport(images, within, all).bytes;
}

function withCapture(analysed: AnalysedImage): ReportedImage {
  return { ...analysed, capture };
}

function report(images: readonly ReportedImage[], options: Partial<ReportOptions> = {}): readonly ReadItem[] {
  return contentItems(read(build(images, options)));
}

const named = (items: readonly ReadItem[], name: string): readonly ReadItem[] =>
  items.filter((item) => item.name === name);
const second = imageOf('NOT_DETECTED', {
  sourceSopInstanceUid: '1.2.3.4',
  instanceNumber: 2,
  dynamic: 'EXTENSION',
});

/** results.md 3.2 and PS3.16, typed by hand: every standard code that a report may contain. */
const meanings = new Map(
  `126000 DCM Imaging Measurement Report|121049 DCM Language of Content Item and Descendants|121046 DCM Country of Language
121005 DCM Observer Type|121007 DCM Device|121012 DCM Device Observer UID|121013 DCM Device Observer Name
121014 DCM Device Observer Manufacturer|121015 DCM Device Observer Model Name|121016 DCM Device Observer Serial Number
121058 DCM Procedure reported|363679005 SCT Imaging procedure|121111 DCM Summary|111028 DCM Image Library
126200 DCM Image Library Group|121139 DCM Modality|DX DCM Digital Radiography|CR DCM Computed Radiography
123014 DCM Target Region|122496007 SCT Lumbar spine|111060 DCM Study Date|110910 DCM Pixel Data Rows
110911 DCM Pixel Data Columns|{pixels} UCUM pixels|111031 DCM Image View|399173006 SCT left lateral
399198007 SCT right lateral|399067008 SCT lateral|111032 DCM Image View Modifier|9964006 SCT Flexion
24154002 SCT Extension|109136 DCM Neutral musculoskeletal position|111044 DCM Patient Orientation Row
111043 DCM Patient Orientation Column|126010 DCM Imaging Measurements|125007 DCM Measurement Group
112039 DCM Tracking Identifier|112040 DCM Tracking Unique Identifier|121071 DCM Finding|363698007 SCT Finding Site
111001 DCM Algorithm Name|111003 DCM Algorithm Version|111002 DCM Algorithm Parameters|111000 DCM Algorithm Family
123110 DCM Artificial Intelligence|111012 DCM Certainty of Finding|% UCUM Percent|121112 DCM Source of Measurement
130401 DCM Visual explanation|121226 DCM Approximate spatial location|52101004 SCT Present|272519000 SCT Absent
373068000 SCT Undetermined|C0034375 UMLS Qualitative Evaluations|111017 DCM CAD Processing and Findings Summary
111241 DCM All algorithms succeeded; without findings|111242 DCM All algorithms succeeded; with findings
111243 DCM Not all algorithms succeeded; without findings|111244 DCM Not all algorithms succeeded; with findings
111245 DCM No algorithms succeeded; without findings|111065 DCM Summary of Analyses|111222 DCM Succeeded
111223 DCM Partially Succeeded|111224 DCM Failed|111225 DCM Not Attempted|121106 DCM Comment
109102 DCM Processing Equipment|en RFC5646 English|US ISO3166_1 United States|240221008 SCT Spondylolysis
DLS 99LSPINE Degenerative lumbar spondylolisthesis`
    .split(/[|\n]/)
    .map((line) => /^(\S+ \S+) (.*)$/.exec(line)!.slice(1, 3) as [string, string]),
);

describe('the report (TID 1500), where every validator is silent', () => {
  test.each(outcomes)('gives each code of a %s report its standard meaning', (outcome) => {
    const cr = imageOf(outcome, {
      sourceSopInstanceUid: '1.2.9',
      modality: 'CR',
      view: 'right_lateral',
      dynamic: 'NEUTRAL',
    });
    for (const [value, scheme, meaning] of codedTriples(
      read(build([withCapture(imageOf(outcome)), second, cr])),
    )) {
      expect(meaning).toBe(meanings.get(`${value} ${scheme}`));
    }
  });

  test('names its template and has no item by reference', () => {
    for (const sopClass of ['Comprehensive3DSR', 'ComprehensiveSR', 'EnhancedSR'] as const) {
      const root = read(build([image(), second], { sopClass }));
      const [template] = root.sequence('ContentTemplateSequence');
      expect([template?.string('MappingResource'), template?.string('TemplateIdentifier')]).toEqual([
        'DCMR',
        '1500',
      ]);
      expect(
        contentItems(root).filter(({ dataSet }) => dataSet.has('ReferencedContentItemIdentifier')),
      ).toEqual([]);
    }
  });

  test.each(outcomes)(
    'lists every image of the tree of a %s report in the evidence, by study and series',
    (outcome) => {
      const root = read(build([withCapture(imageOf(outcome)), second]));
      const listed = ['CurrentRequestedProcedureEvidenceSequence', 'PertinentOtherEvidenceSequence'].map(
        (keyword) =>
          root.sequence(keyword).flatMap((study) => {
            expect(study.string('StudyInstanceUID')).toBe(context.study.studyInstanceUid);
            return study
              .sequence('ReferencedSeriesSequence')
              .flatMap((series) => series.sequence('ReferencedSOPSequence'))
              .map((reference) => reference.string('ReferencedSOPInstanceUID'));
          }),
      );
      const inTree = contentItems(root)
        .filter(({ valueType }) => valueType === 'IMAGE')
        .map(({ dataSet }) =>
          dataSet.sequence('ReferencedSOPSequence')[0]?.string('ReferencedSOPInstanceUID'),
        );
      expect([...new Set(listed[0])].sort()).toEqual([...new Set(inTree)].sort());
      expect(listed.flat()).toContain(capture.sopInstanceUid);
      expect(new Set(listed.flat()).size).toBe(listed.flat().length);
    },
  );

  test('tracks each group by an identifier and a UID of its own, which survive revision and SR class', () => {
    const tracked = (options: Partial<ReportOptions>): string[] =>
      named(report([image({ classes: classes(0.4, 0.7) })], options), '112040 DCM').map(
        ({ dataSet }) => dataSet.string('UID') ?? '',
      );
    const first = tracked({});
    expect([first.length, new Set(first).size]).toEqual([2, 2]);
    expect(tracked({ revision: 2, sopClass: 'EnhancedSR' })).toEqual(first);
    const items = report([image()]);
    expect(named(items, '112039 DCM').length).toBe(named(items, '125007 DCM').length);
  });

  test('has two values per point and each shape on exactly one image', () => {
    const shapes = report([image(), imageOf('INDETERMINATE', { sourceSopInstanceUid: '1.2.9' })]).filter(
      ({ valueType }) => valueType === 'SCOORD',
    );
    expect(shapes.length).toBe(4);
    for (const { dataSet } of shapes) {
      const count = dataSet.string('GraphicType') === 'POINT' ? 2 : 10;
      expect(dataSet.numbers('GraphicData').length).toBe(count);
      const children = dataSet.sequence('ContentSequence');
      expect(children.map((child) => [child.string('RelationshipType'), child.string('ValueType')])).toEqual([
        ['SELECTED FROM', 'IMAGE'],
      ]);
    }
  });

  test('holds box and peak in source pixels, inside the image, and closes the box', () => {
    const edge = influence(1024, 1280, { x: 1015, y: 20 });
    const [box, peak] = report([image({ map: edge })])
      .filter(({ valueType }) => valueType === 'SCOORD')
      .map(({ dataSet }) => dataSet.numbers('GraphicData'));
    expect(peak).toEqual([1015, 20]);
    expect(box?.slice(0, 2)).toEqual(box?.slice(8));
    const xs = box!.filter((_, index) => index % 2 === 0);
    const ys = box!.filter((_, index) => index % 2 === 1);
    expect([Math.max(...xs), Math.min(...ys)]).toEqual([1024, 0]);
  });

  test('is the same bytes for the same input in any order, and another instance for another class or revision', () => {
    const bytes = build([image(), second]);
    expect(Buffer.compare(bytes, build([second, image()]))).toBe(0);
    const uids = [
      bytes,
      build([image(), second], { sopClass: 'EnhancedSR' }),
      build([image(), second], { revision: 2 }),
    ];
    expect(new Set(uids.map((one) => read(one).string('SOPInstanceUID'))).size).toBe(3);
    expect(new Set(uids.map((one) => read(one).string('SeriesInstanceUID'))).size).toBe(1);
  });

  test('carries the same tree in all three classes', () => {
    const [first, ...others] = (['Comprehensive3DSR', 'ComprehensiveSR', 'EnhancedSR'] as const).map(
      (sopClass) =>
        report([image(), second], { sopClass }).map(({ depth, relationship, valueType, name }) => [
          depth,
          relationship,
          valueType,
          name,
        ]),
    );
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('what the report says', () => {
  test.each(outcomes)('has the verdict of %s before every container', (outcome) => {
    const top = report([imageOf(outcome)]).filter(({ depth }) => depth === 1);
    const firstContainer = top.findIndex(({ valueType }) => valueType === 'CONTAINER');
    const summary = top.findIndex(({ name }) => name === '121111 DCM');
    expect(summary).toBeGreaterThan(0);
    expect(summary).toBeLessThan(firstContainer);
    expect(top[summary]!.dataSet.string('TextValue')).toMatch(/^AI: /);
  });

  test('has a Finding only for what was called present', () => {
    const findings = (images: readonly ReportedImage[]): string[] =>
      named(report(images), '121071 DCM').map(codeValue);
    expect(findings([image(), second])).toEqual(['DLS 99LSPINE']);
    expect(findings([second])).toEqual([]);
    expect(findings([imageOf('INDETERMINATE')])).toEqual([]);
    expect(findings([imageOf('NO_RESULT'), imageOf('FAILED', { sourceSopInstanceUid: '1.2.9' })])).toEqual(
      [],
    );
  });

  test.each([
    ['SUSPECTED', ['272519000 SCT', '52101004 SCT'], '111242 DCM', '111222 DCM'],
    ['NOT_DETECTED', ['272519000 SCT', '272519000 SCT'], '111241 DCM', '111222 DCM'],
    ['INDETERMINATE', ['272519000 SCT', '373068000 SCT'], '111245 DCM', '111222 DCM'],
    ['NO_RESULT', ['373068000 SCT', '373068000 SCT'], '111245 DCM', '111225 DCM'],
    ['FAILED', ['373068000 SCT', '373068000 SCT'], '111245 DCM', '111224 DCM'],
  ] as const)('codes %s over the study', (outcome, calls, summary, analyses) => {
    const evaluation = report([imageOf(outcome)]).filter(({ parent }) => parent?.name === 'C0034375 UMLS');
    const values = evaluation
      .filter(({ valueType }) => valueType === 'CODE')
      .map((item) => [item.name, codeValue(item)]);
    expect(values).toEqual([
      ['111017 DCM', summary],
      ['111065 DCM', analyses],
      ['240221008 SCT', calls[0]],
      ['DLS 99LSPINE', calls[1]],
    ]);
  });

  test.each([
    [['SUSPECTED', 'FAILED'], '111244 DCM'],
    [['NOT_DETECTED', 'NO_RESULT'], '111243 DCM'],
    [['NOT_DETECTED', 'SUSPECTED'], '111242 DCM'],
  ] as const)('codes %j together', (mixed, expected) => {
    const images = mixed.map((outcome, index) => imageOf(outcome, { sourceSopInstanceUid: `1.2.${index}` }));
    expect(named(report(images), '111017 DCM').map(codeValue)).toEqual([expected]);
  });

  test('refers to the capture as visual explanation only of the class whose map it shows', () => {
    const items = report([withCapture(image({ classes: classes(0.6, 0.7) }))]);
    const explained = named(items, '130401 DCM').map(({ parent }) =>
      items.filter((item) => item.parent === parent && item.name === '121071 DCM').map(codeValue),
    );
    expect(explained).toEqual([['DLS 99LSPINE']]);
  });

  test('gives a measurement without a focal map the whole image as its source, so that no viewer fails on it', () => {
    const diffuse = { ...influence(1024, 1280, { x: 5, y: 5 }), reliability: 'not_focal' as const };
    const [certainty] = named(report([image({ map: diffuse })]), '111012 DCM');
    const [child] = certainty!.dataSet.sequence('ContentSequence');
    expect([child?.string('RelationshipType'), child?.numbers('GraphicData')]).toEqual([
      'INFERRED FROM',
      [0, 0, 1024, 0, 1024, 1280, 0, 1280, 0, 0],
    ]);
  });

  test('writes the certainty with one decimal and labels an uncalibrated one', () => {
    const [certainty] = named(report([image({ classes: classes(0.04, 0.8234567) })]), '111012 DCM');
    expect(certainty!.dataSet.sequence('MeasuredValueSequence')[0]?.string('NumericValue')).toBe('82.3');
    const uncalibrated = { ...context, model: { ...context.model, calibrated: false } };
    const parameters = named(contentItems(read(build([image()], {}, uncalibrated))), '111002 DCM');
    expect(parameters.map(({ dataSet }) => dataSet.string('TextValue')).join(' ')).toContain(
      'not a probability',
    );
  });

  test('leaves out a view for which there was no evidence', () => {
    const items = report([image({ view: 'unknown', dynamic: 'FLEXION' })]);
    expect([...named(items, '111031 DCM'), ...named(items, '111032 DCM')]).toEqual([]);
  });

  test('claims no matrix size for an image of which nothing could be read', () => {
    const items = report([imageOf('FAILED', { rows: 0, columns: 0 })]);
    expect([...named(items, '110910 DCM'), ...named(items, '110911 DCM')]).toEqual([]);
  });

  test('speaks the language of the wording file and says which', () => {
    const items = report([image()], { resources: resources('zh') });
    expect(named(items, '121049 DCM').map(codeValue)).toEqual(['zh RFC5646']);
    expect(named(items, '121111 DCM')[0]!.dataSet.string('TextValue')).toContain('疑似 退变性腰椎滑脱');
  });

  test('says simulated training in its comment', () => {
    expect(named(report([second]), '121106 DCM')[0]!.dataSet.string('TextValue')).toMatch(
      /simulated radiographs/,
    );
  });

  test('names the report that it extends', () => {
    const predecessor = {
      studyInstanceUid: context.study.studyInstanceUid,
      seriesInstanceUid: '2.25.5',
      sopClassUid: '1.2.840.10008.5.1.4.1.1.88.34',
      sopInstanceUid: '2.25.6',
    };
    const root = read(build([image(), second], { revision: 2, predecessor }));
    const [study] = root.sequence('PredecessorDocumentsSequence');
    const [reference] =
      study?.sequence('ReferencedSeriesSequence')[0]?.sequence('ReferencedSOPSequence') ?? [];
    expect(reference?.string('ReferencedSOPInstanceUID')).toBe('2.25.6');
    expect(root.number('InstanceNumber')).toBe(2);
  });

  test('without an image is refused', () => {
    expect(() => build([])).toThrow('at least one image');
  });
});

describe('copied identity', () => {
  test('is written in UTF-8 with its character set named', () => {
    const root = read(build([image()]));
    expect(root.string('SpecificCharacterSet')).toBe('ISO_IR 192');
    expect(root.personName('PatientName')).toEqual({
      ok: true,
      value: { alphabetic: 'Muster^Erika', ideographic: '测试^腰椎', phonetic: '' },
    });
  });

  test('is never shortened: an Accession Number of 20 characters stays one', () => {
    const long = '20261123-RAD-00012345';
    const study = { ...context.study, attributes: { ...context.study.attributes, AccessionNumber: long } };
    const bytes = build([image()], {}, { ...context, study });
    expect(read(bytes).string('AccessionNumber')).toBe(long);
  });
});
