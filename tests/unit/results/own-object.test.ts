import { describe, expect, test } from 'vitest';
import { readPart10 } from '../../../src/dicom/part10-reader.ts';
import { isOwnObject, type OriginFacts, ownDeviceUids } from '../../../src/pipeline/own-object.ts';
import { buildSecondaryCapture } from '../../../src/pipeline/secondary-capture/secondary-capture.ts';
import { context, display, image, resources, settings } from './fixtures.ts';

const own = ownDeviceUids(context.node, [context.model]);
const ask = (facts: OriginFacts): boolean => isOwnObject(facts, context.node, own);

describe('the loop guard', () => {
  test('knows our capture by each of its marks alone', () => {
    const small = image({ columns: 80, rows: 100, display: display(80, 100) });
    const { bytes } = buildSecondaryCapture(small, context, {
      settings,
      resources: resources(),
      instanceNumber: 1,
      revision: 1,
    });
    const file = readPart10(bytes);
    if (!file.ok) throw file.error;
    const { dataSet, fileMeta } = file.value;
    const text = (keyword: string): string => dataSet.string(keyword) ?? '';
    expect(ask({ implementationClassUid: fileMeta.string('ImplementationClassUID') ?? '' })).toBe(true);
    expect(ask({ deviceUid: text('DeviceUID') })).toBe(true);
    expect(
      ask({ manufacturer: text('Manufacturer'), manufacturerModelName: text('ManufacturerModelName') }),
    ).toBe(true);
    const [contributing] = dataSet.sequence('ContributingEquipmentSequence');
    expect(ask({ contributingDeviceUids: [contributing?.string('DeviceUID') ?? ''] })).toBe(true);
  });

  test('lets a modality pass, also one of which nothing is known', () => {
    expect(ask({})).toBe(false);
    expect(
      ask({
        implementationClassUid: '1.2.276.0.7230010.3.0.3.6.7',
        manufacturer: 'Beispiel Röntgen',
        manufacturerModelName: context.node.manufacturerModelName,
        deviceUid: '1.2.3',
      }),
    ).toBe(false);
  });
});
