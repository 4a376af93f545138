/** Any picture that a model for lateral lumbar radiographs must refuse, by one name and seed. */
import type { StoredImage } from './detector.ts';
import { MISHANDLED_KINDS, type MishandledKind, simulateMishandled } from './mishandled.ts';
import type { RenderingSize } from './projection-image.ts';
import { simulateStray } from './stray.ts';
import { STRAY_KINDS } from './stray-scene.ts';

/** Other views and regions first, then laterals that were handled wrongly. */
export const STRANGER_KINDS = [...STRAY_KINDS, ...MISHANDLED_KINDS] as const;
export type StrangerKind = (typeof STRANGER_KINDS)[number];

/** Simulates a stranger; the same seed and kind give the same picture. */
export function simulateStranger(seed: number, kind: StrangerKind, size: RenderingSize): StoredImage {
  return isMishandled(kind) ? simulateMishandled(seed, kind, size) : simulateStray(seed, kind, size).image;
}

function isMishandled(kind: StrangerKind): kind is MishandledKind {
  return (MISHANDLED_KINDS as readonly string[]).includes(kind);
}
