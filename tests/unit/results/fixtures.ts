import { resolve } from 'node:path';
import type {
  AnalysedImage,
  ClassResult,
  DisplayImage,
  InfluenceMap,
  ResultContext,
} from '../../../src/pipeline/result-input.ts';
import { loadResultResources, type ResultResources } from '../../../src/pipeline/result-resources.ts';
import type { CaptureSettings } from '../../../src/pipeline/secondary-capture/capture-content.ts';

/** Fictional hospital, patient and model for every test of the result objects. */

const root = resolve(import.meta.dirname, '../../..');

const loadedResources = new Map<string, ResultResources>();

export function resources(language: 'en' | 'de' | 'zh' = 'en'): ResultResources {
  const known = loadedResources.get(language);
  if (known !== undefined) return known;
  const loaded = loadResultResources({
    wordingFile: resolve(root, `config/wording/${language}.yaml`),
    englishFile: resolve(root, 'config/wording/en.yaml'),
    codesFile: resolve(root, 'config/codes.yaml'),
    fontFolder: resolve(root, 'assets/fonts'),
  });
  if (!loaded.ok) throw new Error(loaded.error.map(({ file, message }) => `${file}: ${message}`).join('\n'));
  loadedResources.set(language, loaded.value);
  return loaded.value;
}

export const settings: CaptureSettings = {
  map: 'suspected_and_indeterminate',
  colours: 'inferno',
  burnInIdentity: 'none',
  panelHeight: 960,
};

export const context: ResultContext = {
  study: {
    studyInstanceUid: '1.2.826.0.1.3680043.8.498.1',
    patientId: 'TEST-0001',
    patientName: 'Muster^Erika=测试^腰椎',
    patientBirthDate: '19600101',
    studyDate: '20261123',
    attributes: {
      PatientName: 'Muster^Erika=测试^腰椎',
      PatientID: 'TEST-0001',
      IssuerOfPatientID: 'MUSTERKLINIK',
      PatientBirthDate: '19600101',
      PatientSex: 'F',
      StudyDate: '20261123',
      StudyTime: '135900',
      StudyID: 'S1',
      StudyDescription: 'LWS seitlich, Flexion/Extension',
      AccessionNumber: 'ACC-1',
      ReferringPhysicianName: 'Beispiel^Änne',
    },
    request: {
      StudyInstanceUID: '1.2.826.0.1.3680043.8.498.1',
      ReferencedStudySequence: [],
      AccessionNumber: 'ACC-1',
      PlacerOrderNumberImagingServiceRequest: '',
      FillerOrderNumberImagingServiceRequest: '',
      RequestedProcedureID: 'RP-1',
      RequestedProcedureDescription: 'XR lumbar spine',
      RequestedProcedureCodeSequence: [],
    },
  },
  model: {
    id: 'lumbar-test',
    name: 'LumbarTest-EffNetV2M',
    version: '1.0.0',
    sha256: 'a1b2c3d4'.repeat(8),
    calibrated: true,
    simulated: true,
    trainingStatement: 'simulated lateral lumbar radiographs, no patient image',
    findings: [
      { id: 'LS', label: 'spondylolysis' },
      { id: 'DLS', label: 'degenerative spondylolisthesis' },
    ],
    calibrationText: 'temperature T=1.2100; n=900',
    performanceText: 'internal test on simulated images n=900; AUC 0.98',
    mapLayer: 'features.8',
  },
  node: {
    nodeId: 'NODE-01',
    uidNamespace: '6ba7b810-9dad-41d1-80b4-00c04fd430c8',
    productName: 'LUMBAR-NODE',
    manufacturer: 'lumbar-node project',
    manufacturerModelName: 'lumbar-node',
    deviceSerialNumber: 'NODE-01',
    softwareVersion: '0.1.0',
    stationName: 'LUMBARNODE',
    institutionName: 'Musterklinik',
    configSha256: 'c0ffee00'.repeat(8),
    series: {
      capture: { number: 9901, description: 'AI LSPINE picture - not diagnostic' },
      report: { number: 9902, description: 'AI LSPINE report - not diagnostic' },
      contour: { number: 9903, description: 'AI LSPINE contour - not diagnostic' },
      map: { number: 9904, description: 'AI LSPINE heat map - not diagnostic' },
    },
  },
  timing: {
    analysisStartedAtMs: Date.UTC(2026, 10, 23, 13, 5, 9),
    timeZone: 'Europe/Berlin',
    offset: 'declare',
  },
};

/** LS, DLS and the normal class with the given probabilities; thresholds 0.5, uncertain from 0.35. */
export function classes(ls: number, dls: number): readonly ClassResult[] {
  const called = (p: number): ClassResult['called'] =>
    p >= 0.5 ? 'present' : p >= 0.35 ? 'undetermined' : 'absent';
  const finding = (id: string, label: string, probability: number): ClassResult => ({
    id,
    label,
    role: 'finding',
    probability,
    threshold: 0.5,
    indeterminate: { from: 0.35, to: 0.5 },
    called: called(probability),
  });
  const normal = Math.max(0, 1 - ls - dls);
  return [
    {
      id: 'NORMAL',
      label: 'no finding of these',
      role: 'normal',
      probability: normal,
      threshold: 1,
      called: 'absent',
    },
    finding('LS', 'spondylolysis', ls),
    finding('DLS', 'degenerative spondylolisthesis', dls),
  ];
}

const displays = new Map<string, DisplayImage>();

/** A smooth picture with a bright L in the upper left corner, so that flips and turns would be seen. */
export function display(columns: number, rows: number): DisplayImage {
  const known = displays.get(`${columns} ${rows}`);
  if (known !== undefined) return known;
  const gray = new Float32Array(columns * rows);
  for (let y = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++) {
      const dx = (x / columns - 0.5) * 2.2;
      const dy = (y / rows - 0.5) * 1.6;
      const body = Math.max(0, 1 - dx * dx - dy * dy) * 0.7 + 0.1 * Math.sin(y / 37) * Math.cos(x / 23) + 0.1;
      const marker = x < columns * 0.12 && y < rows * 0.12 && (x < columns * 0.04 || y > rows * 0.08);
      gray[y * columns + x] = marker ? 1 : Math.min(1, Math.max(0, body));
    }
  }
  const made: DisplayImage = { columns, rows, gray, pixelHeightToWidth: 1, voi: 'stored' };
  displays.set(`${columns} ${rows}`, made);
  return made;
}

/** A Gaussian spot, as Grad-CAM after up-sampling to a letterboxed 384 x 384 input. */
export function influence(
  columns: number,
  rows: number,
  at: { x: number; y: number },
  classId = 'DLS',
): InfluenceMap {
  const size = 384;
  const scale = Math.max(columns, rows) / size;
  const left = (columns - size * scale) / 2;
  const top = (rows - size * scale) / 2;
  const values = new Float32Array(size * size);
  const sigma = 0.09 * Math.min(columns, rows);
  for (let v = 0; v < size; v++) {
    for (let u = 0; u < size; u++) {
      const x = left + (u + 0.5) * scale;
      const y = top + (v + 0.5) * scale;
      const inside = x >= 0 && x <= columns && y >= 0 && y <= rows;
      values[v * size + u] = inside ? Math.exp(-((x - at.x) ** 2 + (y - at.y) ** 2) / (2 * sigma ** 2)) : 0;
    }
  }
  const reach = sigma * Math.sqrt(2 * Math.LN2);
  return {
    classId,
    grid: { columns: 12, rows: 12 },
    columns: size,
    rows: size,
    values,
    coverage: { left, top, right: left + size * scale, bottom: top + size * scale },
    peak: at,
    box: { left: at.x - reach, top: at.y - reach, right: at.x + reach, bottom: at.y + reach },
    reliability: 'focal',
  };
}

/** One analysed DX image; override what a test is about. */
export function image(overrides: Partial<AnalysedImage> = {}): AnalysedImage {
  const { rows = 1280, columns = 1024 } = overrides;
  return {
    sourceSopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sourceSopInstanceUid: '1.2.826.0.1.3680043.8.498.1.2.1',
    sourceSeriesInstanceUid: '1.2.826.0.1.3680043.8.498.1.2',
    seriesNumber: 2,
    instanceNumber: 1,
    modality: 'DX',
    rows,
    columns,
    view: 'left_lateral',
    dynamic: 'FLEXION',
    patientOrientation: { row: 'A', column: 'F' },
    burnedInAnnotation: 'NO',
    outcome: 'SUSPECTED',
    classes: classes(0.04, 0.82),
    map: influence(columns, rows, { x: columns * 0.52, y: rows * 0.63 }),
    display: display(columns, rows),
    ...overrides,
  };
}

/** An image of each outcome. */
export function imageOf(
  outcome: AnalysedImage['outcome'],
  overrides: Partial<AnalysedImage> = {},
): AnalysedImage {
  switch (outcome) {
    case 'SUSPECTED':
      return image(overrides);
    case 'NOT_DETECTED':
      return image({ outcome, classes: classes(0.03, 0.07), ...overrides });
    case 'INDETERMINATE':
      return image({ outcome, classes: classes(0.02, 0.46), ...overrides });
    case 'NO_RESULT': {
      const { map: _map, ...rest } = image({
        outcome,
        classes: [],
        reason: { code: 'Q01', detail: 'distance 31.2, limit 24.0' },
        ...overrides,
      });
      return rest;
    }
    case 'FAILED': {
      const {
        map: _map,
        display: _display,
        ...rest
      } = image({
        outcome,
        classes: [],
        reason: { code: 'T02', detail: 'no answer within 60 s, 3 attempts' },
        ...overrides,
      });
      return rest;
    }
  }
}
