import type { BandPoint, CurvePoint } from '../curves.ts';
import { escapeXml } from './markup.ts';

export interface Line {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  /** Index into palette and dashes. */
  readonly style: number;
}

export interface Mark {
  readonly name: string;
  readonly point: CurvePoint;
  readonly shape: 'operating point' | 'reader';
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  readonly yLabel: string;
  /** Upper end of the y axis; x always ends at 1. */
  readonly yMaximum: number;
  readonly lines: readonly Line[];
  readonly band?: readonly BandPoint[];
  readonly marks?: readonly Mark[];
  /** Points with a vertical 95 % interval. */
  readonly intervals?: readonly {
    readonly x: number;
    readonly y: number;
    readonly low: number;
    readonly high: number;
  }[];
  /** A thin grey line from one point to another: chance, or perfection. */
  readonly reference?: readonly [CurvePoint, CurvePoint];
  /** A line of text under the chart, such as the notice about simulated images. */
  readonly footnote?: string;
}

/** Okabe-Ito colours: told apart with every common colour-vision deficiency; dashes tell them apart in print. */
const palette = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#e69f00', '#56b4e9'];
const dashes = ['none', '7 3', '2 2', '9 3 2 3', '1 3', '12 4'];

const width = 320;
const plot = { left: 50, top: 30, right: 306, bottom: 286 };
const lineHeight = 15;

/** A line chart as self-contained SVG; the same input gives the same bytes. */
export function chartSvg(chart: Chart): string {
  const x = (value: number): number => round(plot.left + value * (plot.right - plot.left));
  const y = (value: number): number =>
    round(plot.bottom - (Math.min(value, chart.yMaximum) / chart.yMaximum) * (plot.bottom - plot.top));
  const legend = legendOf(chart);
  const height = plot.bottom + 40 + legend.height;
  const path = (points: readonly CurvePoint[]): string =>
    points.map((point, index) => `${index === 0 ? 'M' : 'L'}${x(point.x)} ${y(point.y)}`).join('');
  const parts = [
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    `<text x="${plot.left}" y="17" font-size="13" font-weight="bold">${escapeXml(chart.title)}</text>`,
    axes(chart.yMaximum, x, y),
    bandPath(chart.band ?? [], x, y),
    chart.reference === undefined
      ? ''
      : `<path d="${path(chart.reference)}" stroke="#888" stroke-dasharray="4 3" fill="none"/>`,
    ...chart.lines.map(
      ({ points, style }) =>
        `<path d="${path(points)}" fill="none" stroke="${colourOf(style)}" stroke-width="1.8" stroke-linejoin="round" stroke-dasharray="${dashOf(style)}"/>`,
    ),
    ...(chart.intervals ?? []).map(
      ({ x: at, y: middle, low, high }) =>
        `<path d="M${x(at)} ${y(low)}V${y(high)}" stroke="${colourOf(0)}" stroke-width="1"/>` +
        `<circle cx="${x(at)}" cy="${y(middle)}" r="3" fill="${colourOf(0)}"/>`,
    ),
    ...(chart.marks ?? []).map((mark) => markOf(mark, x(mark.point.x), y(mark.point.y))),
    `<text x="${(plot.left + plot.right) / 2}" y="${plot.bottom + 32}" text-anchor="middle">${escapeXml(chart.xLabel)}</text>`,
    `<text transform="translate(14 ${(plot.top + plot.bottom) / 2}) rotate(-90)" text-anchor="middle">${escapeXml(chart.yLabel)}</text>`,
    legend.svg,
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ` +
    `aria-label="${escapeXml(chart.title)}" font-family="Helvetica,Arial,sans-serif" font-size="11" fill="#222">${parts.join('')}</svg>`
  );
}

type Scale = (value: number) => number;

function axes(yMaximum: number, x: Scale, y: Scale): string {
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1];
  const grid = ticks.map((tick) => {
    const value = tick * yMaximum;
    return (
      `<path d="M${x(tick)} ${y(0)}V${y(yMaximum)}M${x(0)} ${y(value)}H${x(1)}" stroke="#e4e4e4" stroke-width="1"/>` +
      `<text x="${x(tick)}" y="${y(0) + 15}" text-anchor="middle">${tick}</text>` +
      `<text x="${x(0) - 6}" y="${y(value) + 4}" text-anchor="end">${Number(value.toFixed(3))}</text>`
    );
  });
  const frame = `<path d="M${x(0)} ${y(yMaximum)}V${y(0)}H${x(1)}" fill="none" stroke="#555"/>`;
  return grid.join('') + frame;
}

function bandPath(band: readonly BandPoint[], x: Scale, y: Scale): string {
  if (band.length === 0) return '';
  const upper = band.map((point) => `${x(point.x)} ${y(point.high)}`);
  const lower = band.map((point) => `${x(point.x)} ${y(point.low)}`).reverse();
  return `<path d="M${[...upper, ...lower].join('L')}Z" fill="${colourOf(0)}" fill-opacity="0.16"/>`;
}

function markOf({ name, shape }: Mark, x: number, y: number): string {
  const title = `<title>${escapeXml(name)}</title>`;
  if (shape === 'operating point')
    return `<path d="M${x} ${y - 6}l6 6l-6 6l-6 -6z" fill="#fff" stroke="#b00020" stroke-width="2">${title}</path>`;
  return `<circle cx="${x}" cy="${y}" r="3.5" fill="#fff" stroke="#222" stroke-width="1.5">${title}</circle>`;
}

/** Below the plot, never on it. */
function legendOf(chart: Chart): { readonly svg: string; readonly height: number } {
  const marks = chart.marks ?? [];
  const entries = [
    ...chart.lines.map(({ name, style }) => ({
      key: (top: number) =>
        `<path d="M${plot.left} ${top}h24" stroke="${colourOf(style)}" stroke-width="2" stroke-dasharray="${dashOf(style)}"/>`,
      text: name,
    })),
    ...(['operating point', 'reader'] as const).flatMap((shape) => {
      const first = marks.find((mark) => mark.shape === shape);
      if (first === undefined) return [];
      const text = shape === 'reader' ? 'a reader' : first.name;
      return [{ key: (top: number) => markOf({ ...first, name: text }, plot.left + 12, top), text }];
    }),
    ...((chart.band ?? []).length === 0
      ? []
      : [
          {
            key: (top: number) =>
              `<rect x="${plot.left}" y="${top - 5}" width="24" height="10" fill="${colourOf(0)}" fill-opacity="0.16"/>`,
            text: '95 % band, patients drawn',
          },
        ]),
    ...(chart.footnote === undefined ? [] : [{ key: () => '', text: chart.footnote }]),
  ];
  const first = plot.bottom + 52;
  const svg = entries
    .map(({ key, text }, index) => {
      const top = first + index * lineHeight;
      const left = text === chart.footnote ? plot.left : plot.left + 32;
      return `${key(top - 4)}<text x="${left}" y="${top}">${escapeXml(text)}</text>`;
    })
    .join('');
  return { svg, height: 12 + entries.length * lineHeight };
}

function colourOf(style: number): string {
  return palette[style % palette.length] ?? '#000';
}

function dashOf(style: number): string {
  return dashes[style % dashes.length] ?? 'none';
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
