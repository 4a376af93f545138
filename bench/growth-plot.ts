/** One curve: what grows along x, and the milliseconds it costs. */
export interface GrowthPoint {
  readonly x: number;
  readonly ms: number;
}

const panel = { width: 300, height: 220, left: 56, right: 16, top: 34, bottom: 40 };

/**
 * Small log-log charts side by side, as self-contained SVG: cost against its cause, and a grey line of slope 1 through
 * the largest point. A curve flatter than the grey line is better than linear.
 */
export function growthPlot(series: Readonly<Record<string, readonly GrowthPoint[]>>): string {
  const names = Object.keys(series);
  const across = 2;
  const width = across * panel.width;
  const height = Math.ceil(names.length / across) * panel.height;
  const charts = names.map((name, index) => {
    const at = `translate(${(index % across) * panel.width} ${Math.floor(index / across) * panel.height})`;
    return `<g transform="${at}">${chart(name, series[name] ?? [])}</g>`;
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" ` +
    `aria-label="How cost grows" font-family="Helvetica,Arial,sans-serif" font-size="11" fill="#222">` +
    `<rect width="${width}" height="${height}" fill="#fff"/>${charts.join('')}</svg>\n`
  );
}

function chart(name: string, points: readonly GrowthPoint[]): string {
  const x = logScale(
    points.map((point) => point.x),
    panel.left,
    panel.width - panel.right,
  );
  const y = logScale(
    points.map(({ ms }) => ms),
    panel.height - panel.bottom,
    panel.top,
  );
  const path = points.map((point, index) => `${index === 0 ? 'M' : 'L'}${x.at(point.x)} ${y.at(point.ms)}`);
  const last = points.at(-1) ?? { x: 1, ms: 1 };
  const least = Math.max(x.low, (last.x * y.low) / last.ms);
  const linear = `M${x.at(least)} ${y.at((last.ms * least) / last.x)}L${x.at(last.x)} ${y.at(last.ms)}`;
  return [
    `<text x="${panel.left}" y="18" font-weight="bold">${name}</text>`,
    ...x.ticks.map(
      (tick) =>
        `<path d="M${x.at(tick)} ${panel.top}V${panel.height - panel.bottom}" stroke="#e4e4e4"/>` +
        `<text x="${x.at(tick)}" y="${panel.height - panel.bottom + 15}" text-anchor="middle">${short(tick)}</text>`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<path d="M${panel.left} ${y.at(tick)}H${panel.width - panel.right}" stroke="#e4e4e4"/>` +
        `<text x="${panel.left - 6}" y="${y.at(tick) + 4}" text-anchor="end">${short(tick)} ms</text>`,
    ),
    `<path d="${linear}" stroke="#888" stroke-dasharray="4 3" fill="none"/>`,
    `<path d="${path.join('')}" stroke="#0072b2" stroke-width="1.8" fill="none"/>`,
    ...points.map((point) => `<circle cx="${x.at(point.x)}" cy="${y.at(point.ms)}" r="3" fill="#0072b2"/>`),
  ].join('');
}

/** From whole decade to whole decade around the values, ticks at the decades. */
function logScale(values: readonly number[], from: number, to: number) {
  const bottom = Math.floor(Math.log10(Math.min(...values)));
  const top = Math.max(bottom + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    low: 10 ** bottom,
    at: (value: number): number =>
      Math.round((from + ((Math.log10(value) - bottom) / (top - bottom)) * (to - from)) * 10) / 10,
    ticks: Array.from({ length: top - bottom + 1 }, (_, step) => 10 ** (bottom + step)),
  };
}

function short(value: number): string {
  if (value >= 1e6) return `${value / 1e6}M`;
  return value >= 1000 ? `${value / 1000}k` : String(Number(value.toPrecision(3)));
}
