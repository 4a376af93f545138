import { readFile } from 'node:fs/promises';
import { readPart10 } from '../../dicom/part10-reader.ts';
import { decodeFrames } from '../../imaging/decode-frames.ts';
import type { ModelManifest } from '../../pipeline/model-package.ts';
import { prepareImage } from '../../pipeline/preprocess.ts';
import { type QualityLimits, qualityFault } from '../../pipeline/quality.ts';
import { isSimulatedFile, spacingMm } from '../evaluation/file-facts.ts';
import type { ViewFilter } from '../view-decision.ts';

export interface PictureJob {
  readonly path: string;
  /** `lumbar`: the node's filter may refuse it. `stranger`: a picture to be refused, whatever its header says. */
  readonly kind: 'lumbar' | 'stranger';
  /** Source pixels. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  readonly mmPerPixel: number | undefined;
}

export type Picture =
  | {
      readonly kind: 'picture';
      /** uint8[S*S], bone bright, letterboxed: 255 times what the network gets. */
      readonly pixels: Uint8Array;
      /** The job's points in the S x S picture. */
      readonly points: readonly { readonly x: number; readonly y: number }[];
      readonly mmPerPixel: number | undefined;
      readonly view: string;
      readonly simulated: boolean;
    }
  | { readonly kind: 'refused'; readonly reason: string };

export interface PictureTools {
  readonly filter: ViewFilter;
  readonly quality: QualityLimits;
  readonly manifest: ModelManifest;
}

/**
 * The picture that the network would get from this file. Refused for what the node would refuse before the network:
 * files it cannot read, views it skips, pictures too small or empty. A view that the header leaves open is taken,
 * because the list says what it is.
 */
export async function preparePicture(job: PictureJob, tools: PictureTools): Promise<Picture> {
  const refused = (reason: string): Picture => ({ kind: 'refused', reason });
  const file = readPart10(await readFile(job.path));
  if (!file.ok) return refused(`T04 ${file.error.message}`);
  const { dataSet } = file.value;
  const sopClassUid = dataSet.string('SOPClassUID') ?? '';
  const decision = tools.filter(file.value, { sopClassUid, callingAeTitle: 'TRAINING' });
  if (job.kind === 'lumbar' && decision.verdict === 'exclude')
    return refused(decision.reasons.map(({ code, detail }) => `${code} ${detail}`).join('; '));
  const decoded = await decodeFrames(file.value);
  if (!decoded.ok) return refused(`T01 ${decoded.error.message}`);
  const { display, letterbox, input } = prepareImage(decoded.value, dataSet, tools.manifest);
  const fault = qualityFault(display, tools.quality);
  if (fault !== undefined) return refused(`${fault.code} ${fault.detail}`);
  const spacing = job.mmPerPixel ?? spacingMm(dataSet);
  return {
    kind: 'picture',
    pixels: Uint8Array.from(input, (value) => Math.round(255 * value)),
    points: job.points.map((point) => letterbox.inputFromSource(point)),
    mmPerPixel: spacing === undefined ? undefined : (spacing * display.rows) / letterbox.content.height,
    view: decision.dynamic?.toLowerCase() ?? '',
    simulated: isSimulatedFile(dataSet),
  };
}
