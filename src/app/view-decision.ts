import { formatFaults, type RulesConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import type { Part10File } from '../dicom/part10-reader.ts';
import { isOwnObject } from '../pipeline/own-object.ts';
import type { ImageJob } from '../pipeline/ports.ts';
import { createViewFilter, loadViewVocabulary, type ViewDecision } from '../pipeline/view-filter/index.ts';
import { product } from './product.ts';

/** The view filter of one configuration: the vocabulary of a folder, the site dictionary on top. */
export type ViewFilter = (
  file: Part10File,
  job: Pick<ImageJob, 'sopClassUid' | 'callingAeTitle'>,
) => ViewDecision;

export function openViewFilter(
  rules: RulesConfig,
  vocabularyFolder: string,
  ownDeviceUids: readonly string[],
): ViewFilter {
  const vocabulary = loadViewVocabulary(vocabularyFolder);
  if (!vocabulary.ok) throw new NodeError('CONFIG_INVALID', formatFaults(vocabulary.error));
  const filter = createViewFilter(vocabulary.value, rules);
  return ({ dataSet, pixelData }, { sopClassUid, callingAeTitle }) =>
    filter.decide({
      dataSet,
      sopClassUid,
      callingAeTitle,
      hasPixelData: pixelData !== undefined,
      // The stored file's implementation UID is always ours (we wrote its meta header), so it says nothing here.
      isOwnObject: isOwnObject(
        {
          ...optional('manufacturer', dataSet.string('Manufacturer')),
          ...optional('manufacturerModelName', dataSet.string('ManufacturerModelName')),
          ...optional('deviceUid', dataSet.string('DeviceUID')),
          contributingDeviceUids: dataSet
            .sequence('ContributingEquipmentSequence')
            .flatMap((item) => item.string('DeviceUID') ?? []),
        },
        { manufacturer: product.manufacturer, manufacturerModelName: product.modelName },
        ownDeviceUids,
      ),
    });
}

function optional<K extends string>(key: K, value: string | undefined): Partial<Record<K, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<K, string>);
}
