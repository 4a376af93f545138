import { counted, hang } from '../text-layout.ts';

/** What `reprocess` is about to do. */
export interface ReprocessFacts {
  readonly same: readonly string[];
  readonly changed: readonly string[];
  readonly inWork: number;
  readonly gone: number;
  readonly failedReports: readonly string[];
  readonly model: { readonly id: string; readonly sha256: string } | undefined;
}

/** Says before anything happens what will be new at the PACS and what will not. */
export function reprocessText({ same, changed, inWork, gone, failedReports, model }: ReprocessFacts): string {
  const total = same.length + changed.length;
  const by = model === undefined ? 'the active model' : `${model.id} (${model.sha256.slice(0, 8)})`;
  const lines = [
    ...(total === 0 ? [] : [`${counted(total, 'image')} again through the view filter and ${by}.`]),
    ...(same.length === 0
      ? []
      : [
          `${same.length} of them were analysed by this model and configuration before: the results get the same UIDs, and what the PACS has is not sent twice.`,
        ]),
    ...(changed.length === 0
      ? []
      : [
          `${changed.length} of them were not analysed by this model and configuration yet: a new result gets new UIDs, another model its own series, and the new report names the one before as its predecessor.`,
        ]),
    ...(failedReports.length === 0
      ? []
      : [
          `${counted(failedReports.length, 'report')} that could not be built ${failedReports.length === 1 ? 'is' : 'are'} tried again.`,
        ]),
    ...(inWork === 0 ? [] : [`${counted(inWork, 'image')} ${inWork === 1 ? 'is' : 'are'} in work anyway.`]),
    ...(gone === 0
      ? []
      : [
          `${counted(gone, 'image')} cannot: the file was removed by retention or lost; send it again from the modality.`,
        ]),
  ];
  return `${(lines.length === 0 ? ['Nothing was received that this names: lumbar-node explain says more.'] : lines).map((line) => hang('', line)).join('\n')}\n`;
}
