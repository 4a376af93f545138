import type { ImagePixel } from './image-pixel.ts';

/** Decoded pixel data as stored: nothing masked, scaled or inverted yet. */
export interface StoredPixels extends ImagePixel {
  /** All frames, frame after frame, `rows x columns x samplesPerPixel` each; bits as allocated, sign not extended. */
  readonly samples: Uint8Array | Uint16Array | Uint32Array;
}
