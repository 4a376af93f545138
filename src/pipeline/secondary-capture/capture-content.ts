import { className } from '../class-codes.ts';
import type { AnalysedImage, InfluenceMap, ResultContext } from '../result-input.ts';
import type { ResultResources } from '../result-resources.ts';
import { localTime } from '../result-time.ts';
import { detail, headline, type Speaker, sourceWords } from '../wording/sentences.ts';
import { fill } from '../wording/wording.ts';
import type { OverlayColours } from './colour-map.ts';
import type { Typeface } from './typeface.ts';

/** As `results.capture` of the configuration. */
export interface CaptureSettings {
  readonly map: 'suspected' | 'suspected_and_indeterminate' | 'always';
  readonly colours: OverlayColours;
  readonly burnInIdentity: 'none' | 'initials_and_id' | 'full';
  /** Pixels. */
  readonly panelHeight: number;
}

/** What is to be drawn, decided: every text of the bars and whether there is a map. */
export interface CaptureContent {
  readonly headline: string;
  readonly detail: string;
  readonly original: string;
  readonly map: MapContent | undefined;
  /** Said in place of a map that exists but must not be shown. */
  readonly notice: string | undefined;
  readonly statement: string;
  readonly facts: string;
  readonly identity: string | undefined;
}

export interface MapContent {
  readonly map: InfluenceMap;
  readonly title: string;
  /** Names of the ends of the colour bar; absent when no colour is painted. */
  readonly scale: { readonly low: string; readonly high: string } | undefined;
  readonly line: string;
  readonly grid: string;
  readonly meaning: string;
}

/** Decides the texts of a capture. Identity is drawn only when the settings ask for it and the fonts can draw it. */
export function captureContent(
  image: AnalysedImage,
  context: ResultContext,
  settings: CaptureSettings,
  resources: ResultResources,
): CaptureContent {
  const wording = resources.captureWording;
  const { capture } = wording;
  const { model, node } = context;
  const speaker: Speaker = { wording, codes: resources.codes, model };
  const wanted = image.map !== undefined && mapWanted(image, settings) ? image.map : undefined;
  return {
    headline: headline(image, speaker),
    detail: detail(image, speaker),
    original: image.display?.voi === 'auto' ? capture.original_auto_window : capture.original,
    map: wanted?.reliability === 'focal' ? mapContent(wanted, image, speaker, settings.colours) : undefined,
    notice: wanted?.reliability === 'not_focal' ? capture.map_not_focal : undefined,
    statement: model.simulated ? `${capture.research}  ${capture.simulated}` : capture.research,
    facts: [
      `${node.productName} ${node.softwareVersion}`,
      fill(capture.model, { name: model.name, version: model.version, hash: model.sha256.slice(0, 8) }),
      localTime(context.timing, context.study).readable,
      fill(capture.source, { source: sourceWords(image, speaker) }),
    ].join(' · '),
    identity: identityText(context, settings, resources.typeface),
  };
}

/** Whether the capture of this image shows a map: wanted for its outcome, and focal enough to point somewhere. */
export function showsMap(
  image: Pick<AnalysedImage, 'outcome' | 'map'>,
  settings: Pick<CaptureSettings, 'map'>,
): boolean {
  return image.map?.reliability === 'focal' && mapWanted(image, settings);
}

function mapWanted(image: Pick<AnalysedImage, 'outcome'>, { map }: Pick<CaptureSettings, 'map'>): boolean {
  if (image.outcome === 'SUSPECTED') return true;
  if (image.outcome === 'INDETERMINATE') return map !== 'suspected';
  return image.outcome === 'NOT_DETECTED' && map === 'always';
}

function mapContent(
  map: InfluenceMap,
  image: AnalysedImage,
  { wording, codes }: Speaker,
  colours: OverlayColours,
): MapContent {
  const { capture } = wording;
  const entry = image.classes.find(({ id }) => id === map.classId) ?? { id: map.classId, label: map.classId };
  const finding = className(codes, entry, wording.language.value);
  const title = image.outcome === 'NOT_DETECTED' ? capture.with_map_of_absent : capture.with_map;
  return {
    map,
    title: fill(title, { finding }),
    scale: colours === 'contour_only' ? undefined : { low: capture.low, high: capture.high },
    line: capture.line,
    grid: fill(capture.grid, { columns: map.grid.columns, rows: map.grid.rows }),
    meaning: capture.map_meaning,
  };
}

/** The alphabetic name group only; a name that the shipped fonts cannot draw is left out, never boxed. */
function identityText(
  { study }: ResultContext,
  { burnInIdentity }: CaptureSettings,
  typeface: Typeface,
): string | undefined {
  if (burnInIdentity === 'none') return undefined;
  const [family = '', given = ''] = (study.patientName.split('=')[0] ?? '').split('^');
  const initials = [given, family]
    .flatMap((part) => Array.from(part).slice(0, 1))
    .map((letter) => `${letter}.`);
  const name =
    burnInIdentity === 'full' ? [family, given].filter((part) => part !== '').join(', ') : initials.join(' ');
  const parts = [name, study.patientId, ...(burnInIdentity === 'full' ? [study.patientBirthDate] : [])];
  const drawable = parts.filter((part) => part !== '' && typeface.missing(part).length === 0);
  return drawable.length === 0 ? undefined : drawable.join(' · ');
}
