import type { Reason } from '../core/reasons.ts';
import { type GrayPixels, grayAt, grayLength } from '../imaging/gray-pixels.ts';

export interface QualityLimits {
  readonly minimumRows: number;
  readonly minimumColumns: number;
}

/**
 * The free checks before the network runs: enough pixels, and contrast. An image is empty when fewer than 1 % of its
 * displayed values lie between nearly black and nearly white, or when all of them are the same.
 */
export function qualityFault(
  image: { readonly columns: number; readonly rows: number; readonly pixels: GrayPixels },
  limits: QualityLimits,
): Reason | undefined {
  if (image.rows < limits.minimumRows || image.columns < limits.minimumColumns) {
    return {
      code: 'Q02',
      detail: `Rows ${image.rows}, Columns ${image.columns}; at least ${limits.minimumRows} x ${limits.minimumColumns}`,
    };
  }
  const length = grayLength(image.pixels);
  const step = Math.max(1, Math.floor(length / 65_536));
  let between = 0;
  let seen = 0;
  let low = 1;
  let high = 0;
  for (let i = 0; i < length; i += step) {
    const value = grayAt(image.pixels, i);
    seen++;
    if (value > 0.02 && value < 0.98) between++;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (high - low < 0.02 || between < seen * 0.01) {
    return { code: 'Q03', detail: `displayed values span ${low.toFixed(2)} to ${high.toFixed(2)}` };
  }
  return undefined;
}
