/** Colour maps with monotonic lightness; jet is not offered (experience.md 1.4). `contour_only` paints no colour. */
export type OverlayColours = 'inferno' | 'viridis' | 'cividis' | 'contour_only';

/** uint8[256 * 3], RGB, index 0 = lowest value. */
export type ColourTable = Uint8Array;

/**
 * 33 equally spaced anchors (RRGGBB) of each map: inferno and viridis by Smith and van der Walt 2015 (CC0), cividis
 * by Nunez, Anderton and Renslow 2018 (PLoS ONE 13:e0199239). Linear interpolation in between stays within 2 of 255
 * of the published tables (6 for the first entries of cividis).
 */
const anchors: Readonly<Record<Exclude<OverlayColours, 'contour_only'>, string>> = {
  inferno:
    '000004 040312 0b0724 150b37 210c4a 2e0a5a 3c0965 4a0c6b 57106d 63146e 70196e 7d1e6d 89226a 962766 a32b61 af315c ' +
    'bb3755 c63e4d d14644 db4f3b e35932 eb6528 f1711e f67f14 f98d0a fb9c06 fcab0f fbba1f f9ca32 f5d949 f2e865 f3f586 fcffa4',
  viridis:
    '440154 470d60 48186a 482374 472d7b 453681 424086 3f4989 3b528b 375a8d 33638d 2f6a8e 2c728e 297a8e 26818e 23898e ' +
    '21908c 1f988b 1f9f88 21a685 28ae80 31b57b 3ebc74 4cc26c 5dc963 6ece58 82d34c 96d83f abdc32 c0df24 d5e21a eae51a fde725',
  cividis:
    '00224e 00285b 002e6a 043371 1a386f 273e6e 32436d 3b496c 434e6c 4b546c 52596d 5a5f6e 61656f 686a71 6f7073 757676 ' +
    '7c7b78 848179 8b8778 938d78 9b9376 a39a75 aba072 b3a670 bbad6c c3b469 ccba64 d4c15f ddc958 e6d051 efd748 f8df3c fee838',
};

/** The table of a colour map, or undefined for `contour_only`. */
export function colourTable(colours: OverlayColours): ColourTable | undefined {
  if (colours === 'contour_only') return undefined;
  const points = anchors[colours]
    .split(' ')
    .map((hex) => [0, 2, 4].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)));
  const table = new Uint8Array(256 * 3);
  for (let index = 0; index < 256; index++) {
    const position = (index / 255) * (points.length - 1);
    const low = Math.min(points.length - 2, Math.floor(position));
    for (let channel = 0; channel < 3; channel++) {
      const from = points[low]?.[channel] ?? 0;
      const to = points[low + 1]?.[channel] ?? 0;
      table[index * 3 + channel] = Math.round(from + (to - from) * (position - low));
    }
  }
  return table;
}
