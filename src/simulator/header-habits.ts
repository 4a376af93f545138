/**
 * How a department fills in its headers: names, languages, body part spellings, empty view positions. The people and
 * hospitals are made up; the habits are those that real archives show.
 */
import type { StrayKind } from './stray-scene.ts';
import type { LateralView } from './posture.ts';
import type { RandomStream } from './random.ts';

/** Any picture the simulator makes. */
export type SimulatedView = LateralView | StrayKind;

/** What one image's header says, as a department writes it. */
export interface HeaderHabits {
  readonly patientName: string;
  readonly institutionName: string;
  readonly language: 'en' | 'de' | 'fr' | 'es' | 'zh' | 'ja';
  /** '' for the default repertoire, else the term of Specific Character Set. */
  readonly characterSet: '' | 'ISO_IR 100' | 'ISO_IR 192';
  readonly isDigital: boolean;
  readonly bodyPartExamined: string;
  readonly manufacturer: string;
  readonly manufacturerModelName: string;
  readonly studyDescription: string;
  /** Chances that an attribute of the view is filled in at all. */
  readonly fillsViewPosition: boolean;
  readonly fillsViewCode: boolean;
  readonly fillsSeriesDescription: boolean;
}

type Language = HeaderHabits['language'];

const DESCRIPTIONS: Readonly<Record<Language, Readonly<Record<SimulatedView, readonly string[]>>>> = {
  en: {
    neutral: ['L SPINE LAT', 'L-SPINE LATERAL', 'LUMBAR LAT', 'Lspine Lateral'],
    flexion: ['L SPINE LAT FLEX', 'LUMBAR FLEXION', 'L-SPINE FLEXION LAT'],
    extension: ['L SPINE LAT EXTENSION', 'LUMBAR EXTENSION', 'L-SPINE EXTENSION LAT'],
    ap: ['L SPINE AP', 'L-SPINE A.P.', 'LUMBAR AP'],
    oblique: ['L SPINE OBL', 'LUMBAR LPO'],
    chest: ['CHEST PA', 'Chest'],
    pelvis: ['PELVIS AP', 'Pelvis'],
    blank: ['TEST', ''],
    thoracic: ['T SPINE LAT', 'THORACIC SPINE LATERAL'],
    cervical: ['C SPINE LAT', 'CERVICAL LATERAL'],
    skull: ['SKULL LAT'],
    shoulder: ['SHOULDER AP'],
    knee: ['KNEE'],
    hand: ['HAND PA'],
  },
  de: {
    neutral: ['LWS SEITLICH', 'LWS seitl.', 'Lendenwirbelsäule seitlich'],
    flexion: ['LWS INKLINATION', 'LWS seitl. Anteflexion'],
    extension: ['LWS REKLINATION', 'LWS seitl. Retroflexion'],
    ap: ['LWS A.P.', 'Lendenwirbelsäule a.p.'],
    oblique: ['LWS SCHRÄG'],
    chest: ['THORAX P.A.'],
    pelvis: ['BECKEN A.P.'],
    blank: ['LEER'],
    thoracic: ['BWS SEITLICH'],
    cervical: ['HWS SEITLICH'],
    skull: ['SCHÄDEL SEITLICH'],
    shoulder: ['SCHULTER A.P.'],
    knee: ['KNIE'],
    hand: ['HAND D.P.'],
  },
  fr: {
    neutral: ['RACHIS LOMBAIRE PROFIL', 'Rachis lombo-sacré profil'],
    flexion: ['RACHIS LOMBAIRE PROFIL FLEXION'],
    extension: ['RACHIS LOMBAIRE PROFIL EXTENSION'],
    ap: ['RACHIS LOMBAIRE FACE'],
    oblique: ['RACHIS LOMBAIRE OBLIQUE'],
    chest: ['THORAX FACE'],
    pelvis: ['BASSIN FACE'],
    blank: ['ESSAI'],
    thoracic: ['RACHIS DORSAL PROFIL'],
    cervical: ['RACHIS CERVICAL PROFIL'],
    skull: ['CRÂNE PROFIL'],
    shoulder: ['ÉPAULE FACE'],
    knee: ['GENOU'],
    hand: ['MAIN FACE'],
  },
  es: {
    neutral: ['COLUMNA LUMBAR LATERAL'],
    flexion: ['COLUMNA LUMBAR LATERAL FLEXIÓN'],
    extension: ['COLUMNA LUMBAR LATERAL EXTENSIÓN'],
    ap: ['COLUMNA LUMBAR AP'],
    oblique: ['COLUMNA LUMBAR OBLICUA'],
    chest: ['TÓRAX PA'],
    pelvis: ['PELVIS AP'],
    blank: ['PRUEBA'],
    thoracic: ['COLUMNA DORSAL LATERAL'],
    cervical: ['COLUMNA CERVICAL LATERAL'],
    skull: ['CRÁNEO LATERAL'],
    shoulder: ['HOMBRO AP'],
    knee: ['RODILLA'],
    hand: ['MANO PA'],
  },
  zh: {
    neutral: ['腰椎侧位'],
    flexion: ['腰椎过屈位'],
    extension: ['腰椎过伸位'],
    ap: ['腰椎正位', '腰椎前后位'],
    oblique: ['腰椎斜位'],
    chest: ['胸部正位'],
    pelvis: ['骨盆正位'],
    blank: ['测试'],
    thoracic: ['胸椎侧位'],
    cervical: ['颈椎侧位'],
    skull: ['头颅侧位'],
    shoulder: ['肩关节正位'],
    knee: ['膝关节'],
    hand: ['手正位'],
  },
  ja: {
    neutral: ['腰椎 側面'],
    flexion: ['腰椎 前屈'],
    extension: ['腰椎 後屈'],
    ap: ['腰椎 正面'],
    oblique: ['腰椎 斜位'],
    chest: ['胸部 正面'],
    pelvis: ['骨盤 正面'],
    blank: ['テスト'],
    thoracic: ['胸椎 側面'],
    cervical: ['頸椎 側面'],
    skull: ['頭部 側面'],
    shoulder: ['肩関節 正面'],
    knee: ['膝関節'],
    hand: ['手 正面'],
  },
};

const NAMES: Readonly<Record<Language, readonly string[]>> = {
  en: ['Example^Alex', 'Sample^Robin^Q', 'Placeholder^Sam'],
  de: ['Beispiel^Anna', 'Mustermann^Jörg', 'Probe^Käthe'],
  fr: ['Exemple^Hélène', 'Modèle^René'],
  es: ['Ejemplo^Íñigo', 'Muestra^María'],
  zh: ['Ceshi^Xiaoming=测试^小明', 'Shili^Hua=示例^华'],
  ja: ['Mihon^Taro=見本^太郎=みほん^たろう', 'Rei^Hanako=例^花子=れい^はなこ'],
};

const INSTITUTIONS: Readonly<Record<Language, string>> = {
  en: 'Fictional General Hospital',
  de: 'Klinikum Musterstadt (fiktiv)',
  fr: 'Hôpital Imaginaire',
  es: 'Hospital Ficticio',
  zh: '虚构医院',
  ja: '架空病院',
};

const STUDY: Readonly<Record<Language, string>> = {
  en: 'XR LUMBAR SPINE W FLEX/EXT',
  de: 'LWS Funktionsaufnahmen',
  fr: 'Rachis lombaire dynamique',
  es: 'Columna lumbar dinámica',
  zh: '腰椎正侧位 过伸过屈位',
  ja: '腰椎 4方向',
};

const REGION: Readonly<Record<StrayKind | 'lumbar', readonly string[]>> = {
  lumbar: ['LSPINE', 'LSPINE', 'L SPINE', 'L_SPINE', 'LUMBAR', 'LSSPINE', 'SPINE', ''],
  ap: ['LSPINE', 'L SPINE', 'LUMBAR'],
  oblique: ['LSPINE', 'L SPINE'],
  chest: ['CHEST'],
  pelvis: ['PELVIS'],
  blank: [''],
  thoracic: ['TSPINE'],
  cervical: ['CSPINE'],
  skull: ['SKULL'],
  shoulder: ['SHOULDER'],
  knee: ['KNEE'],
  hand: ['HAND'],
};

/** Samples a department; `orderly` fills everything in with defined terms. */
export function sampleHabits(random: RandomStream, tags: 'orderly' | 'realistic'): HeaderHabits {
  const orderly = tags === 'orderly';
  const language = random.pick<Language>(['en', 'en', 'en', 'de', 'de', 'fr', 'es', 'zh', 'zh', 'ja']);
  const western = language === 'de' || language === 'fr' || language === 'es';
  const latin1 = random.chance(0.6);
  const fillsSeriesDescription = random.chance(0.95);
  const fillsViewCode = random.chance(0.45);
  const fillsViewPosition = random.chance(0.3);
  return {
    patientName: random.pick(NAMES[language]),
    institutionName: INSTITUTIONS[language],
    language,
    characterSet: language === 'en' ? '' : western && latin1 ? 'ISO_IR 100' : 'ISO_IR 192',
    isDigital: random.chance(0.55),
    bodyPartExamined: orderly ? 'LSPINE' : random.pick(REGION.lumbar),
    manufacturer: random.pick(['Fictional Imaging', 'Imaginary X-Ray', 'Example Radiography']),
    manufacturerModelName: random.pick(['Phantasia 500', 'Mirage DR', 'Chimera CR-2']),
    studyDescription: STUDY[language],
    fillsViewPosition: orderly || fillsViewPosition,
    fillsViewCode: orderly || fillsViewCode,
    fillsSeriesDescription: orderly || fillsSeriesDescription || !(fillsViewPosition || fillsViewCode),
  };
}

/** Series Description of that view in the department's words. */
export function seriesDescription(habits: HeaderHabits, view: SimulatedView, random: RandomStream): string {
  return habits.fillsSeriesDescription ? random.pick(DESCRIPTIONS[habits.language][view]) : '';
}

function isOfTheLumbarSpine(view: SimulatedView): view is LateralView | 'ap' | 'oblique' {
  return (
    view === 'ap' || view === 'oblique' || view === 'neutral' || view === 'flexion' || view === 'extension'
  );
}

/** Body Part Examined of that view. */
export function bodyPart(habits: HeaderHabits, view: SimulatedView): string {
  return isOfTheLumbarSpine(view) ? habits.bodyPartExamined : (REGION[view][0] ?? '');
}
