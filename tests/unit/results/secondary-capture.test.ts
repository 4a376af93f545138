import { describe, expect, test } from 'vitest';
import type { AnalysedImage, ResultContext } from '../../../src/pipeline/result-input.ts';
import {
  buildSecondaryCapture,
  type CaptureOptions,
} from '../../../src/pipeline/secondary-capture/secondary-capture.ts';
import { context, image, imageOf, resources, settings } from './fixtures.ts';
import { read } from './tree.ts';

const small: CaptureOptions = {
  settings: { ...settings, panelHeight: 480 },
  resources: resources(),
  instanceNumber: 3,
  revision: 1,
};

function capture(of: AnalysedImage, options: Partial<CaptureOptions> = {}, within: ResultContext = context) {
  return read(buildSecondaryCapture(of, within, { ...small, ...options }).bytes);
}

describe('the secondary capture object (PS3.3 A.8.1)', () => {
  test('is equal bytes for equal input', () => {
    const once = buildSecondaryCapture(image(), context, small).bytes;
    const fresh = { ...small, resources: { ...small.resources } };
    expect(Buffer.compare(once, buildSecondaryCapture(image(), context, fresh).bytes)).toBe(0);
  });

  test('holds no attribute that would be wrong for a composed picture', () => {
    const dataSet = capture(image());
    const wrong = [
      ...[
        'PixelSpacing',
        'ImagerPixelSpacing',
        'WindowCenter',
        'WindowWidth',
        'VOILUTFunction',
        'VOILUTSequence',
      ],
      ...['RescaleSlope', 'ViewPosition', 'PresentationIntentType', 'FrameOfReferenceUID', 'KVP', 'Exposure'],
      ...['AcquisitionDateTime', 'PatientOrientation'],
    ];
    expect(wrong.filter((keyword) => dataSet.string(keyword) !== undefined)).toEqual([]);
    expect(dataSet.has('PatientOrientation')).toBe(true);
  });

  test('names its source, never a report, and is derived and secondary', () => {
    const dataSet = capture(image());
    const [source] = dataSet.sequence('SourceImageSequence');
    expect(source?.string('ReferencedSOPInstanceUID')).toBe(image().sourceSopInstanceUid);
    expect(source?.string('SpatialLocationsPreserved')).toBe('NO');
    expect(dataSet.strings('ImageType')).toEqual(['DERIVED', 'SECONDARY', 'OTHER', 'GRADCAM']);
    expect([dataSet.string('Modality'), dataSet.string('ConversionType')]).toEqual(['OT', 'WSD']);
  });

  test('claims a Grad-CAM only when one is painted', () => {
    const dataSet = capture(imageOf('NOT_DETECTED'));
    expect(dataSet.strings('ImageType')[3]).toBe('AIRESULT');
    expect(dataSet.has('DerivationCodeSequence')).toBe(false);
    expect(buildSecondaryCapture(imageOf('NOT_DETECTED'), context, small).mapClassId).toBeUndefined();
    expect(buildSecondaryCapture(image(), context, small).mapClassId).toBe('DLS');
  });

  test('says SIMULATED in its derivation for a simulated model', () => {
    const real = { ...context, model: { ...context.model, simulated: false } };
    expect(capture(image()).string('DerivationDescription')).toContain('SIMULATED');
    expect(capture(image(), {}, real).string('DerivationDescription')).not.toMatch(/simulated/i);
    expect(capture(image()).string('ImageComments')).toContain('NOT FOR DIAGNOSTIC USE');
  });

  test.each([
    ['YES', 'none', 'YES'],
    ['NO', 'none', 'NO'],
    [undefined, 'none', undefined],
    ['NO', 'initials_and_id', 'YES'],
  ] as const)(
    'of a source with burned-in annotation %s and setting %s says %s',
    (source, burnInIdentity, expected) => {
      const { burnedInAnnotation: _none, ...silent } = image();
      const of = source === undefined ? silent : { ...silent, burnedInAnnotation: source };
      const dataSet = capture(of, { settings: { ...small.settings, burnInIdentity } });
      expect(dataSet.string('BurnedInAnnotation')).toBe(expected);
    },
  );

  test('of a lossy source stays lossy', () => {
    const lossy = image({ lossyCompression: { ratios: ['12.5'], methods: ['ISO_10918_1'] } });
    expect(capture(lossy).string('LossyImageCompression')).toBe('01');
    expect(capture(image()).string('LossyImageCompression')).toBe('00');
  });

  test('joins one series per study and model, in the order of the sources', () => {
    const first = capture(image());
    const other = capture(image({ sourceSopInstanceUid: '1.2.9' }), { instanceNumber: 4 });
    expect(first.string('SeriesInstanceUID')).toBe(other.string('SeriesInstanceUID'));
    expect([first.number('InstanceNumber'), other.number('InstanceNumber')]).toEqual([3, 4]);
    expect(first.string('SeriesDescription')).toBe('AI LSPINE picture - not diagnostic');
    expect(first.string('SOPInstanceUID')).not.toBe(other.string('SOPInstanceUID'));
  });

  test('holds exactly the pixels that were rendered', () => {
    const built = buildSecondaryCapture(image(), context, small);
    const dataSet = read(built.bytes);
    const { rows, columns, rgb } = built.rendered;
    expect([dataSet.number('Rows'), dataSet.number('Columns')]).toEqual([rows, columns]);
    expect(built.bytes.length).toBeGreaterThan(rgb.length);
    expect(
      Buffer.from(built.bytes.buffer, built.bytes.byteOffset, built.bytes.length)
        .subarray(-rgb.length)
        .equals(rgb),
    ).toBe(true);
  });

  test('has times of the site with their offset, not UTC', () => {
    const dataSet = capture(image());
    expect([dataSet.string('ContentTime'), dataSet.string('TimezoneOffsetFromUTC')]).toEqual([
      '140509',
      '+0100',
    ]);
    const undeclared = { ...context, timing: { ...context.timing, offset: 'omit' as const } };
    expect(capture(image(), {}, undeclared).has('TimezoneOffsetFromUTC')).toBe(false);
    const [equipment] = capture(image(), {}, undeclared).sequence('ContributingEquipmentSequence');
    expect(equipment?.string('ContributionDateTime')).toBe('20261123140509+0100');
  });
});
