/** The trabecular pattern of bone: one tile for everybody, sampled in millimetres so that it is the same at every size. */
import { type RandomStream, randomStream } from './random.ts';

/** A smooth, periodic texture with unit variance, sampled in millimetres. */
export interface Texture {
  sample(p: number, q: number): number;
}

const TILE = 256;

/** White noise smoothed more along q than along p, 0.55 mm a sample, repeating after 140 mm. */
function buildTexture(random: RandomStream): Texture {
  let tile = Float32Array.from(
    { length: TILE * TILE },
    () => random.uniform() + random.uniform() + random.uniform() - 1.5,
  );
  const blur = (source: Float32Array, stepC: number, stepR: number, passes: number): Float32Array => {
    let current = source;
    for (let pass = 0; pass < passes; pass += 1) {
      const next = new Float32Array(TILE * TILE);
      for (let r = 0; r < TILE; r += 1) {
        for (let c = 0; c < TILE; c += 1) {
          const before = (((r - stepR + TILE) % TILE) * TILE + ((c - stepC + TILE) % TILE)) | 0;
          const after = (((r + stepR) % TILE) * TILE + ((c + stepC) % TILE)) | 0;
          next[r * TILE + c] =
            0.5 * (current[r * TILE + c] as number) +
            0.25 * ((current[before] as number) + (current[after] as number));
        }
      }
      current = next;
    }
    return current;
  };
  const fine = blur(blur(tile, 1, 0, 1), 0, 1, 4);
  const coarse = blur(blur(tile, 1, 0, 8), 0, 1, 12);
  tile = Float32Array.from(fine, (value, i) => value + 1.2 * (coarse[i] as number));
  let square = 0;
  for (const value of tile) square += value * value;
  const scale = 1 / Math.sqrt(square / tile.length);
  for (let i = 0; i < tile.length; i += 1) tile[i] = (tile[i] as number) * scale;
  return {
    sample: (p, q) => {
      const x = p / 0.55 + 65536;
      const y = q / 0.55 + 65536;
      const xi = x | 0;
      const yi = y | 0;
      const fx = x - xi;
      const fy = y - yi;
      const row0 = (yi & 255) << 8;
      const row1 = ((yi + 1) & 255) << 8;
      const c0 = xi & 255;
      const c1 = (xi + 1) & 255;
      const top = (tile[row0 + c0] as number) * (1 - fx) + (tile[row0 + c1] as number) * fx;
      const bottom = (tile[row1 + c0] as number) * (1 - fx) + (tile[row1 + c1] as number) * fx;
      return top * (1 - fy) + bottom * fy;
    },
  };
}

let tile: Texture | undefined;

/** The pattern, built at first use; it depends on nothing but its own stream. */
export function trabecularTexture(): Texture {
  tile ??= buildTexture(randomStream('lumbar/texture'));
  return tile;
}
