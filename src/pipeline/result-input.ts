import type { Dynamic, Outcome } from '../core/outcome.ts';
import type { Reason } from '../core/reasons.ts';
import type { WritableDataSet } from '../dicom/part10-writer.ts';
import type { GrayPixels } from '../imaging/gray-pixels.ts';

/**
 * What the result builders (structured report, secondary capture, presentation state, parametric map) are told.
 * They read no clock, no file and no environment: equal input gives equal bytes, so that a re-send is a re-send
 * (PS3.5 B.2, docs/adr). Text is already decoded Unicode; nothing here names a disease, classes come from the model.
 */

/** A coded concept as PS3.3 Table 8.8-1 wants it; `meaning` is in the report's language. */
export interface CodedConcept {
  readonly value: string;
  readonly scheme: string;
  readonly meaning: string;
}

/**
 * Patient and study attributes copied by meaning from the source: `readStudyContext` makes it. Plain data, so that it
 * can be kept as JSON until the study's report is due.
 */
export interface StudyContext {
  readonly studyInstanceUid: string;
  readonly patientId: string;
  /** All component groups as `Doe^Jane=..=..`. */
  readonly patientName: string;
  readonly patientBirthDate: string;
  /** DA. */
  readonly studyDate: string;
  /** Timezone Offset From UTC (0008,0201) of the source, e.g. `+0100`; our times are then expressed in it. */
  readonly timezoneOffsetFromUtc?: string;
  /** Everything that is copied into each object, by keyword; Type 2 attributes are present, empty if empty. */
  readonly attributes: WritableDataSet;
  /** The item of Referenced Request Sequence (PS3.3 C.17.2) when the source names its request. */
  readonly request?: WritableDataSet;
}

/** One model class for one image. `probability` is 0..1: calibrated when `ModelFacts.calibrated`, else a score. */
export interface ClassResult {
  /** Identifier in the model manifest, e.g. `DLS`; key of config/codes.yaml. */
  readonly id: string;
  /** English name in the model manifest; used when codes.yaml has no name for the language. */
  readonly label: string;
  /** `normal` classes carry no threshold and are never reported as a finding. */
  readonly role: 'finding' | 'normal';
  readonly probability: number;
  /** Reported as suspected from this value on (0..1). */
  readonly threshold: number;
  /** Uncertain band `[from, to)`; absent when the model has none for this class. */
  readonly indeterminate?: { readonly from: number; readonly to: number };
  readonly called: 'present' | 'absent' | 'undetermined';
}

/** A point in continuous source-image coordinates: (0,0) is the top left corner of the first pixel. */
export interface SourcePoint {
  readonly x: number;
  readonly y: number;
}

/** Axis-parallel rectangle in continuous source-image coordinates. */
export interface SourceBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Grad-CAM of one class, non-negative and divided by its own maximum. */
export interface InfluenceMap {
  readonly classId: string;
  /** What to print as `map grid C x R`: the network's own grid, even when `values` is already up-sampled. */
  readonly grid: { readonly columns: number; readonly rows: number };
  readonly columns: number;
  readonly rows: number;
  /** float32[rows * columns], row-major, 0..1; cell centres at (i + 0.5) of `coverage` (align_corners = false). */
  readonly values: Float32Array;
  /** The rectangle of the source image that the whole map covers; larger than the image when it was letterboxed. */
  readonly coverage: SourceBox;
  /** Position of the maximum, inside the image. */
  readonly peak: SourcePoint;
  /** Bounding box of the values >= 0.5 around the peak, clipped to the image. */
  readonly box: SourceBox;
  /** `not_focal` (diffuse, at the collimator border or on burned-in text): nothing is painted and the bar says so. */
  readonly reliability: 'focal' | 'not_focal';
}

/** What a viewer shows for the source: Modality LUT, VOI and MONOCHROME1 inversion applied; 0 = black, 1 = white. */
export interface DisplayImage {
  readonly columns: number;
  readonly rows: number;
  /** rows * columns. */
  readonly gray: GrayPixels;
  /** Height divided by width of one pixel (Pixel Aspect Ratio vertical \ horizontal); 1 for square pixels. */
  readonly pixelHeightToWidth: number;
  /** `auto` prints "auto window" in the bar: the source had no VOI and a percentile window was used. */
  readonly voi: 'stored' | 'auto';
}

export interface AnalysedImage {
  readonly sourceSopClassUid: string;
  readonly sourceSopInstanceUid: string;
  readonly sourceSeriesInstanceUid: string;
  readonly seriesNumber?: number;
  readonly instanceNumber?: number;
  /** `CR` or `DX`. */
  readonly modality: string;
  readonly rows: number;
  readonly columns: number;
  /** From evidence only; `lateral` when the side is not known. */
  readonly view: 'lateral' | 'left_lateral' | 'right_lateral' | 'unknown';
  readonly dynamic?: Dynamic;
  /** Patient Orientation (0020,0020) of the source: row and column direction, when consistent. */
  readonly patientOrientation?: { readonly row: string; readonly column: string };
  /** Burned In Annotation (0028,0301) of the source. */
  readonly burnedInAnnotation?: 'YES' | 'NO';
  /** Imager Pixel Spacing (0018,1164) of the source; only the parametric map uses it. */
  readonly detectorSpacingMm?: { readonly row: number; readonly column: number };
  /** Lossy Image Compression Ratio and Method of the source when it is or was compressed with loss. */
  readonly lossyCompression?: { readonly ratios: readonly string[]; readonly methods: readonly string[] };
  readonly outcome: Outcome;
  /** Empty for NO_RESULT and FAILED. */
  readonly classes: readonly ClassResult[];
  /** Present for NO_RESULT and FAILED. */
  readonly reason?: Reason;
  readonly map?: InfluenceMap;
  /** Absent when the pixels could not be decoded; then no capture can be made. */
  readonly display?: DisplayImage;
}

export interface ModelFacts {
  readonly id: string;
  /** ASCII, for Algorithm Name and the bar, e.g. `LSpine-EffNetV2M`. */
  readonly name: string;
  readonly version: string;
  /** Lower-case hex. */
  readonly sha256: string;
  /** True only when the manifest has a calibration block and its data set size: then the words say "probability". */
  readonly calibrated: boolean;
  /** What it was trained on, one sentence; goes into the report's comment. */
  readonly trainingStatement: string;
  /** The classes it can find, normal classes left out: named as undetermined when nothing could be analysed. */
  readonly findings: readonly { readonly id: string; readonly label: string }[];
  /** True when trained on simulated radiographs: the bar, the comment and the derivation say so. */
  readonly simulated: boolean;
  /** e.g. `temperature T=1.21; n=900`. */
  readonly calibrationText?: string;
  /** e.g. `internal test (simulated) n=900; AUC 0.98; ...`. */
  readonly performanceText?: string;
  /** Network layer of the map, e.g. `features.8`. */
  readonly mapLayer?: string;
  /** "84 of 100": only with at least 100 results of this model at this site in the band (experience.md 1.3). */
  readonly siteEvidence?: SiteEvidence;
}

/** Registered by the evaluation of exactly this model at this site. */
export interface SiteEvidence {
  readonly classId: string;
  readonly from: number;
  readonly to: number;
  readonly confirmed: number;
  readonly total: number;
}

export interface ResultSeries {
  readonly number: number;
  /** Constant, at most 64 characters, meaning in the first 20. */
  readonly description: string;
}

export interface NodeFacts {
  readonly nodeId: string;
  /** UUID made at installation: the name space of every UID this node derives (results 5.4). */
  readonly uidNamespace: string;
  readonly productName: string;
  readonly manufacturer: string;
  readonly manufacturerModelName: string;
  readonly deviceSerialNumber: string;
  readonly softwareVersion: string;
  readonly stationName?: string;
  readonly institutionName?: string;
  /** Lower-case hex of the configuration that decides results. */
  readonly configSha256: string;
  /** As `results.series` of the configuration: one series per kind, study and model. */
  readonly series: {
    readonly capture: ResultSeries;
    readonly report: ResultSeries;
    readonly contour: ResultSeries;
    readonly map: ResultSeries;
  };
}

export interface Timing {
  /** UTC epoch milliseconds of the start of the analysis; every date and time of the objects comes from it. */
  readonly analysisStartedAtMs: number;
  /** IANA zone of the site, e.g. `Europe/Berlin`, used when the source states no offset. */
  readonly timeZone: string;
  /** `declare` writes Timezone Offset From UTC: the site vouches that source times are in `timeZone` too. */
  readonly offset: 'declare' | 'omit';
}

/** Everything but the images. */
export interface ResultContext {
  readonly study: StudyContext;
  readonly model: ModelFacts;
  readonly node: NodeFacts;
  readonly timing: Timing;
}

/** One encoded object, ready for the outbox: persist `bytes` and re-send those, never encode again. */
export interface ResultObject {
  readonly sopClassUid: string;
  readonly sopInstanceUid: string;
  readonly seriesInstanceUid: string;
  readonly studyInstanceUid: string;
  /** A complete PS3.10 file, Explicit VR Little Endian. */
  readonly bytes: Uint8Array;
}
