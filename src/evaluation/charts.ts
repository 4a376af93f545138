import type { CurvePoint } from './curves.ts';

export interface Series {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  /** Index into the palette; dashes tell series apart without colour. */
  readonly style: number;
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  readonly series: readonly Series[];
  /** Single marked points, such as readers or an operating point. */
  readonly marks?: readonly { readonly name: string; readonly point: CurvePoint }[];
  /** Draws the line y = x: chance in a ROC, perfection in a reliability diagram. */
  readonly diagonal: 'none' | 'drawn';
}

/** Okabe-Ito colours: told apart with every common colour-vision deficiency. */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
const dashes = ['', '6 3', '2 2', '8 3 2 3', '1 3', '10 4'];

const width = 420;
const height = 380;
const margin = { left: 56, right: 16, top: 34, bottom: 48 };

/** A unit-square line chart as a self-contained SVG; the same input gives the same bytes. */
export function lineChart(chart: Chart): string {
  const x = (value: number): string =>
    (margin.left + value * (width - margin.left - margin.right)).toFixed(1);
  const y = (value: number): string =>
    (height - margin.bottom - value * (height - margin.top - margin.bottom)).toFixed(1);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const grid = ticks
    .map(
      (tick) =>
        `<path d="M${x(tick)} ${y(0)}V${y(1)}M${x(0)} ${y(tick)}H${x(1)}" stroke="#ddd"/>` +
        `<text x="${x(tick)}" y="${Number(y(0)) + 16}" text-anchor="middle">${tick}</text>` +
        `<text x="${Number(x(0)) - 6}" y="${Number(y(tick)) + 4}" text-anchor="end">${tick}</text>`,
    )
    .join('');
  const diagonal =
    chart.diagonal === 'drawn'
      ? `<path d="M${x(0)} ${y(0)}L${x(1)} ${y(1)}" stroke="#999" stroke-dasharray="3 3"/>`
      : '';
  const lines = chart.series
    .map(({ points, style }) => {
      const path = points
        .map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`)
        .join('');
      return `<path d="${path}" fill="none" stroke="${colourOf(style)}" stroke-width="2" stroke-dasharray="${dashes[style % dashes.length] ?? ''}"/>`;
    })
    .join('');
  const marks = (chart.marks ?? [])
    .map(
      ({ name, point }) =>
        `<circle cx="${x(point.x)}" cy="${y(point.y)}" r="4" fill="#222"><title>${escapeXml(name)}</title></circle>`,
    )
    .join('');
  const legend = chart.series
    .map(({ name, style }, index) => {
      const top = Number(y(0)) - 14 * (chart.series.length - index) - 4;
      return (
        `<path d="M${Number(x(1)) - 170} ${top}h24" stroke="${colourOf(style)}" stroke-width="2" stroke-dasharray="${dashes[style % dashes.length] ?? ''}"/>` +
        `<text x="${Number(x(1)) - 140}" y="${top + 4}">${escapeXml(name)}</text>`
      );
    })
    .join('');
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ` +
    `aria-label="${escapeXml(chart.title)}" font-family="sans-serif" font-size="11" fill="#222">` +
    `<rect width="${width}" height="${height}" fill="#fff"/>` +
    `<text x="${width / 2}" y="20" text-anchor="middle" font-size="14" font-weight="bold">${escapeXml(chart.title)}</text>` +
    `${grid}${diagonal}${lines}${marks}${legend}` +
    `<text x="${width / 2}" y="${height - 10}" text-anchor="middle">${escapeXml(chart.xLabel)}</text>` +
    `<text transform="translate(14 ${height / 2}) rotate(-90)" text-anchor="middle">${escapeXml(chart.yLabel)}</text></svg>`
  );
}

function colourOf(style: number): string {
  return palette[style % palette.length] ?? '#000';
}

/** Text for XML and HTML. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
