/**
 * Development entry: draws the contact sheets of the simulator into docs/pictures.
 * node models/training/make-contact-sheets.ts [output folder]
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { buildLetterbox } from '../../src/imaging/letterbox.ts';
import { displayed, type StoredImage } from '../../src/simulator/detector.ts';
import { type LateralImage, simulateLateral } from '../../src/simulator/lateral.ts';
import { LATERAL_VIEWS } from '../../src/simulator/posture.ts';
import { simulateStray } from '../../src/simulator/stray.ts';

interface Tile {
  readonly pixels: Float32Array;
  readonly caption: string;
  readonly overlay?: string;
}

const CAPTION = 22;

async function writeSheet(
  path: string,
  tiles: readonly Tile[],
  columns: number,
  size: number,
): Promise<void> {
  const rows = Math.ceil(tiles.length / columns);
  const gap = 6;
  const width = columns * (size + gap) + gap;
  const height = rows * (size + CAPTION + gap) + gap;
  const parts = tiles.map((tile, i) => ({
    input: Buffer.from(Uint8Array.from(tile.pixels, (value) => Math.round(255 * value))),
    raw: { width: size, height: size, channels: 1 as const },
    left: gap + (i % columns) * (size + gap),
    top: gap + Math.floor(i / columns) * (size + CAPTION + gap),
  }));
  const text = tiles.map((tile, i) => {
    const part = parts[i];
    if (part === undefined) return '';
    const at = `<g transform="translate(${part.left},${part.top})">${tile.overlay ?? ''}</g>`;
    return `${at}<text x="${part.left + 4}" y="${part.top + size + 15}" font-family="DejaVu Sans" font-size="12" fill="#dde">${tile.caption}</text>`;
  });
  const svg = Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${text.join('')}</svg>`,
  );
  await sharp({ create: { width, height, channels: 3, background: '#1b1d22' } })
    .composite([...parts, { input: svg, left: 0, top: 0 }])
    .png({ compressionLevel: 9, palette: true, colours: 200 })
    .toFile(path);
}

function shown(image: StoredImage, size: number): Float32Array {
  return buildLetterbox({ columns: image.columns, rows: image.rows, pixelAspectRatio: 1, size }).apply(
    displayed(image),
  );
}

function caption({ truth }: LateralImage): string {
  const gap = truth.parsGapMm > 0 ? `, pars gap ${truth.parsGapMm.toFixed(1)} mm` : '';
  const finding =
    truth.label === 'normal'
      ? 'normal'
      : `${truth.label} ${truth.level}, slip ${Math.abs(truth.slipPercent) < 0.5 ? 0 : truth.slipPercent.toFixed(0)} %${gap}`;
  return `${finding} (${truth.view})`;
}

/** Square cut of `sideMm` around a point, enlarged. */
function closeUp(
  { truth, image }: LateralImage,
  centre: { x: number; y: number },
  sideMm: number,
  size: number,
): Float32Array {
  const side = Math.round(sideMm / truth.mmPerPixel);
  const values = displayed(image);
  const cut = new Float32Array(side * side);
  const left = Math.round(centre.x - side / 2);
  const top = Math.round(centre.y - side / 2);
  for (let r = 0; r < side; r += 1) {
    for (let c = 0; c < side; c += 1) {
      const [x, y] = [left + c, top + r];
      const inside = x >= 0 && y >= 0 && x < image.columns && y < image.rows;
      cut[r * side + c] = inside ? (values[y * image.columns + x] ?? 0) : 0;
    }
  }
  return buildLetterbox({ columns: side, rows: side, pixelAspectRatio: 1, size }).apply(cut);
}

function box({ truth, image }: LateralImage, size: number): string {
  if (truth.lesionBox === undefined) return '';
  const letterbox = buildLetterbox({ columns: image.columns, rows: image.rows, pixelAspectRatio: 1, size });
  const a = letterbox.inputFromSource({ x: truth.lesionBox.x0, y: truth.lesionBox.y0 });
  const b = letterbox.inputFromSource({ x: truth.lesionBox.x1, y: truth.lesionBox.y1 });
  return `<rect x="${a.x}" y="${a.y}" width="${b.x - a.x}" height="${b.y - a.y}" fill="none" stroke="#ffc857" stroke-width="1.2"/>`;
}

const folder = process.argv[2] ?? 'docs/pictures';
mkdirSync(folder, { recursive: true });

const first = Number(process.argv[3] ?? 90);
const laterals = Array.from({ length: 12 }, (_, i) =>
  simulateLateral(first + i, LATERAL_VIEWS[Math.floor(i / 4) % 3] ?? 'neutral', 1100),
);
await writeSheet(
  join(folder, 'simulator-lateral.png'),
  laterals.map((lateral) => ({
    pixels: shown(lateral.image, 440),
    caption: caption(lateral),
    overlay: box(lateral, 440),
  })),
  4,
  440,
);

const seed = Number(process.argv[4] ?? 104);
const ap = simulateStray(seed, 'ap', 1200);
const study = LATERAL_VIEWS.map((view) => simulateLateral(seed, view, 1200));
await writeSheet(
  join(folder, 'simulator-study.png'),
  [
    { pixels: shown(ap.image, 560), caption: 'AP' },
    ...study.map((one) => ({ pixels: shown(one.image, 560), caption: caption(one) })),
  ],
  4,
  560,
);

const lesions = Array.from({ length: 36 }, (_, i) => simulateLateral(200 + i, 'neutral', 1800)).filter(
  ({ truth }) => truth.lesion !== undefined,
);
await writeSheet(
  join(folder, 'simulator-lesions.png'),
  lesions.slice(0, 12).map((lateral) => ({
    pixels: closeUp(lateral, lateral.truth.lesion ?? { x: 0, y: 0 }, 90, 320),
    caption: caption(lateral).replace(' (neutral)', ''),
  })),
  4,
  320,
);

const kinds = ['ap', 'oblique', 'chest', 'pelvis', 'blank'] as const;
await writeSheet(
  join(folder, 'simulator-strays.png'),
  kinds.map((kind) => ({ pixels: shown(simulateStray(seed, kind, 1000).image, 360), caption: kind })),
  5,
  360,
);
