import type { Estimate } from '../statistics.ts';

/** "92.0 % (90.6 to 93.3)"; a dash without observations. */
export function percent({ value, low, high }: Estimate): string {
  if (Number.isNaN(value)) return '-';
  return `${share(value)} (${(low * 100).toFixed(1)} to ${(high * 100).toFixed(1)})`;
}

/** "0.941 (0.930 to 0.952)"; a dash without observations. */
export function decimal({ value, low, high }: Estimate, digits = 3): string {
  if (Number.isNaN(value)) return '-';
  return `${value.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}

/** "92.0 %". */
export function share(value: number): string {
  return Number.isNaN(value) ? '-' : `${(value * 100).toFixed(1)} %`;
}

/** A plain number; a dash for none. */
export function plain(value: number, digits: number): string {
  if (Number.isNaN(value)) return '-';
  return Number.isFinite(value) ? value.toFixed(digits) : 'no map';
}

/** An exact p value as it is usually written. */
export function pValue(value: number): string {
  return value < 0.001 ? '< 0.001' : value.toFixed(3);
}

/** "1,500". */
export function count(value: number): string {
  return value.toString().replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}
