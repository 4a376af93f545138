/** The letters of lead markers as our own strokes on a 4 x 6 grid (x right, y down). */
const STROKES: Readonly<Record<string, readonly (readonly number[])[]>> = {
  L: [[0, 0, 0, 6, 4, 6]],
  R: [
    [0, 6, 0, 0, 3, 0, 4, 1.4, 3, 3, 0, 3],
    [2, 3, 4, 6],
  ],
  F: [
    [4, 0, 0, 0, 0, 6],
    [0, 3, 3, 3],
  ],
  E: [
    [4, 0, 0, 0, 0, 6, 4, 6],
    [0, 3, 3, 3],
  ],
  X: [
    [0, 0, 4, 6],
    [4, 0, 0, 6],
  ],
  T: [
    [0, 0, 4, 0],
    [2, 0, 2, 6],
  ],
};

/** Strokes of a word as polylines, letters 5.6 units apart; unknown letters are left out. */
export function markerStrokes(word: string): { readonly x: number; readonly y: number }[][] {
  const strokes: { x: number; y: number }[][] = [];
  Array.from(word).forEach((letter, place) => {
    for (const flat of STROKES[letter] ?? []) {
      const points: { x: number; y: number }[] = [];
      for (let i = 0; i + 1 < flat.length; i += 2)
        points.push({ x: (flat[i] ?? 0) + place * 5.6, y: flat[i + 1] ?? 0 });
      strokes.push(points);
    }
  });
  return strokes;
}
