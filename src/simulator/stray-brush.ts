/** The layers of one stray picture and the strokes that all of its painters share. */
import type { PatientAnatomy } from './anatomy.ts';
import { type Frame, type Layer, paintStroke } from './painter.ts';
import type { RandomStream } from './random.ts';
import type { Texture } from './texture.ts';

/** What a painter of stray pictures works with; path lengths in centimetres. */
export interface Brush {
  readonly tissue: Layer;
  readonly bone: Layer;
  /** Empty between strokes. */
  readonly scratch: Layer;
  readonly anatomy: PatientAnatomy;
  readonly random: RandomStream;
  readonly texture: Texture;
}

/** Paints a chain of rods whose joints do not add up, on top of what is there. */
export function paintChain(
  { bone, scratch }: Brush,
  frame: Frame,
  points: readonly { readonly p: number; readonly q: number }[],
  radiusMm: number,
  core: number,
  shell: number,
): void {
  paintStroke(scratch, frame, points, radiusMm, core, shell, 'max');
  for (let i = 0; i < scratch.map.length; i += 1) {
    const value = scratch.map[i] as number;
    if (value === 0) continue;
    bone.map[i] = (bone.map[i] as number) + value;
    scratch.map[i] = 0;
  }
}

/** Takes the scratch layer (gas, cm) off the tissue and empties it. */
export function subtractGas(tissue: Layer, scratch: Layer): void {
  for (let i = 0; i < tissue.map.length; i += 1) {
    tissue.map[i] = Math.max(0, (tissue.map[i] as number) - (scratch.map[i] as number));
    scratch.map[i] = 0;
  }
}
