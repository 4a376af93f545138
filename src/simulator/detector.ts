/**
 * From path lengths to the stored numbers of a digital radiograph: Beer-Lambert with scatter, quantum noise, detector
 * blur, logarithm, a vendor-like latitude reduction and edge enhancement, tone curve, collimation and quantisation.
 * All blurs and the noise are defined in millimetres, so a small rendering shows the same picture as a full-size one.
 */
import { addEnlarged, coarseBlur, coarsen, gaussian } from './blur.ts';
import type { RandomStream } from './random.ts';

/** Attenuation per centimetre at about 85 kVp after the patient: soft tissue, and bone on top of it. */
const TISSUE_PER_CM = 0.19;
const BONE_PER_CM = 0.6;

/** How one exposure is taken and processed. */
export interface Exposure {
  /** Scattered over primary signal behind the grid. */
  readonly scatterRatio: number;
  readonly scatterMm: number;
  /** Detected quanta per mm2 in the middle of the picture. */
  readonly quantaPerMm2: number;
  readonly blurMm: number;
  /** Share of the coarse structure that is taken away, and its scale. */
  readonly latitude: number;
  readonly latitudeMm: number;
  readonly sharpen: number;
  readonly sharpenMm: number;
  readonly gamma: number;
  readonly toe: number;
  readonly lowMargin: number;
  readonly highMargin: number;
  readonly bitsStored: number;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  /** Open field in relative coordinates of the grid, 0 to 1. */
  readonly field: {
    readonly left: number;
    readonly top: number;
    readonly right: number;
    readonly bottom: number;
  };
  /** Displayed value (0 to 1) outside the open field. */
  readonly outsideField: number;
  /** Relative place and size of the window on the stored range. */
  readonly windowLow: number;
  readonly windowHigh: number;
}

/** What the detector stores. */
export interface StoredImage {
  readonly columns: number;
  readonly rows: number;
  readonly pixels: Uint16Array;
  readonly bitsStored: number;
  readonly photometricInterpretation: 'MONOCHROME1' | 'MONOCHROME2';
  readonly windowCenter: number;
  readonly windowWidth: number;
}

/** Samples an exposure; the open field must contain `keep` (relative coordinates of the grid). */
export function sampleExposure(
  random: RandomStream,
  keep: { left: number; top: number; right: number; bottom: number },
): Exposure {
  const collimated = random.chance(0.6);
  const margin = (): number => (collimated && random.chance(0.75) ? random.between(0.01, 0.14) : 0);
  const field = {
    left: Math.min(margin(), Math.max(0, keep.left)),
    top: Math.min(margin(), Math.max(0, keep.top)),
    right: Math.max(1 - margin(), Math.min(1, keep.right)),
    bottom: Math.max(1 - margin(), Math.min(1, keep.bottom)),
  };
  return {
    scatterRatio: random.between(0.15, 0.5),
    scatterMm: random.between(22, 45),
    quantaPerMm2: Math.exp(random.between(Math.log(2200), Math.log(26000))),
    blurMm: random.between(0.12, 0.3),
    latitude: random.between(0.45, 0.8),
    latitudeMm: random.between(14, 30),
    sharpen: random.between(0, 0.9),
    sharpenMm: random.between(1, 2.2),
    gamma: Math.exp(random.normal(0, 0.16)),
    toe: random.between(0, 0.6),
    lowMargin: random.between(-0.02, 0.06),
    highMargin: random.between(0, 0.2),
    bitsStored: random.pick([10, 12, 12, 12, 13, 14]),
    photometricInterpretation: random.chance(0.3) ? 'MONOCHROME1' : 'MONOCHROME2',
    field,
    outsideField: random.chance(0.82) ? 0 : random.between(0.75, 1),
    windowLow: random.between(0.02, 0.1),
    windowHigh: random.between(0.88, 0.98),
  };
}

function percentile(sorted: Float32Array, share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.round(share * (sorted.length - 1))))] as number;
}

/** Exposes and processes one scene. `lead` (0 to 1) is the cover of lead markers; `noise` drives the quantum noise. */
export function expose(
  paths: { readonly tissue: Float32Array; readonly bone: Float32Array; readonly lead: Float32Array },
  columns: number,
  rows: number,
  pixelsPerMm: number,
  exposure: Exposure,
  noise: RandomStream,
): StoredImage {
  const count = columns * rows;
  let signal = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    signal[i] = Math.exp(
      -TISSUE_PER_CM * (paths.tissue[i] as number) - BONE_PER_CM * (paths.bone[i] as number) + 4,
    );
  }
  // Direct radiation beside the patient does not flood the scatter: detectors saturate a few times above the body.
  for (let i = 0; i < count; i += 1) signal[i] = Math.min(signal[i] as number, 12);
  const scatter = coarseBlur(signal, columns, rows, pixelsPerMm, exposure.scatterMm);
  for (let i = 0; i < count; i += 1) {
    const lead = paths.lead[i] as number;
    if (lead > 0) signal[i] = (signal[i] as number) * (1 - 0.97 * lead);
  }
  const scattered = scatter.values.map((value) => Math.min(value, 2.5));
  addEnlarged(signal, columns, rows, { ...scatter, values: scattered }, exposure.scatterRatio);
  const blurPixels = exposure.blurMm * pixelsPerMm;
  if (blurPixels > 0.35) signal = gaussian(signal, columns, rows, blurPixels);
  const middle = coarsen(signal, columns, rows, Math.min(columns, rows) / 8);
  const reference = percentile(middle.values.slice().sort(), 0.35);
  const quanta = exposure.quantaPerMm2 / (pixelsPerMm * pixelsPerMm);
  const image = new Float32Array(count);
  for (let i = 0; i < count; i += 1) {
    const expected = ((signal[i] as number) / reference) * quanta;
    const bits = noise.bits();
    // Four uniform bytes added: a normal deviate for our purpose (Irwin-Hall), cheap and exact on every machine.
    const deviate =
      ((bits & 255) + ((bits >>> 8) & 255) + ((bits >>> 16) & 255) + (bits >>> 24) - 510) * 0.006766;
    const detected = Math.max(0.02 * quanta, expected + deviate * Math.sqrt(expected));
    image[i] = -Math.log(detected / quanta);
  }
  const broad = coarseBlur(image, columns, rows, pixelsPerMm, exposure.latitudeMm);
  addEnlarged(image, columns, rows, broad, -exposure.latitude);
  if (exposure.sharpen > 0.05) {
    const smooth = gaussian(image, columns, rows, exposure.sharpenMm * pixelsPerMm);
    for (let i = 0; i < count; i += 1)
      image[i] = (image[i] as number) + exposure.sharpen * ((image[i] as number) - (smooth[i] as number));
  }
  // The window of the picture comes from coarse cells inside the open field, as a reader's exposure recognition does.
  const cells = coarsen(image, columns, rows, 3 * pixelsPerMm);
  const inside: number[] = [];
  const { field } = exposure;
  for (let r = 0; r < cells.rows; r += 1) {
    for (let c = 0; c < cells.columns; c += 1) {
      const x = (c + 0.5) / cells.columns;
      const y = (r + 0.5) / cells.rows;
      if (x > field.left && x < field.right && y > field.top && y < field.bottom)
        inside.push(cells.values[r * cells.columns + c] as number);
    }
  }
  const sorted = Float32Array.from(inside).sort();
  const p2 = percentile(sorted, 0.12);
  const p98 = percentile(sorted, 0.993);
  const span = Math.max(0.2, p98 - p2);
  const low = p2 - (0.22 + exposure.lowMargin) * span;
  const high = p98 + 0.08 * span + exposure.highMargin * span;
  const largest = 2 ** exposure.bitsStored - 1;
  const windowLow = Math.round(exposure.windowLow * largest);
  const windowHigh = Math.round(exposure.windowHigh * largest);
  const storedSpan = windowHigh - windowLow;
  const pixels = new Uint16Array(count);
  const penumbra = 1.2 * pixelsPerMm;
  const left = field.left * columns;
  const right = field.right * columns;
  const top = field.top * rows;
  const bottom = field.bottom * rows;
  const invert = exposure.photometricInterpretation === 'MONOCHROME1';
  for (let r = 0; r < rows; r += 1) {
    const dy = Math.min(
      field.top > 0 ? r + 0.5 - top : Infinity,
      field.bottom < 1 ? bottom - r - 0.5 : Infinity,
    );
    for (let c = 0; c < columns; c += 1) {
      const i = r * columns + c;
      const dx = Math.min(
        field.left > 0 ? c + 0.5 - left : Infinity,
        field.right < 1 ? right - c - 0.5 : Infinity,
      );
      const d = Math.min(dx, dy) / penumbra + 0.5;
      let y = exposure.outsideField;
      if (d > 0) {
        let x = ((image[i] as number) - low) / (high - low);
        x = x < -0.05 ? -0.05 : x > 1.05 ? 1.05 : x;
        y = x <= 0 ? x * 0.5 : Math.pow(x, exposure.gamma);
        if (y > 0 && y < 1) y = y * (1 - exposure.toe) + exposure.toe * y * y * (3 - 2 * y);
        if (d < 1) y = y * d + exposure.outsideField * (1 - d);
      }
      let value = Math.round(windowLow + y * storedSpan);
      value = value < 0 ? 0 : value > largest ? largest : value;
      pixels[i] = invert ? largest - value : value;
    }
  }
  // PS3.3 C.11.2.1.2.1 LINEAR: the window spans centre - 0.5 -/+ (width - 1) / 2.
  const lowStored = invert ? largest - windowHigh : windowLow;
  return {
    columns,
    rows,
    pixels,
    bitsStored: exposure.bitsStored,
    photometricInterpretation: exposure.photometricInterpretation,
    windowCenter: lowStored + storedSpan / 2 + 0.5,
    windowWidth: storedSpan + 1,
  };
}

/** What a viewer shows in [0,1], bone bright: LINEAR window, then the polarity turned for MONOCHROME1 (PS3.3 C.11.2.1.2). */
export function displayed(image: StoredImage): Float32Array {
  const { pixels, windowCenter, windowWidth } = image;
  const invert = image.photometricInterpretation === 'MONOCHROME1';
  return Float32Array.from(pixels, (value) => {
    const x = (value - (windowCenter - 0.5)) / (windowWidth - 1) + 0.5;
    const y = x < 0 ? 0 : x > 1 ? 1 : x;
    return invert ? 1 - y : y;
  });
}
