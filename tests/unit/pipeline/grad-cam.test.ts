import { describe, expect, test } from 'vitest';
import { buildLetterbox } from '../../../src/imaging/letterbox.ts';
import { activationMap } from '../../../src/pipeline/grad-cam.ts';

const square = buildLetterbox({ columns: 640, rows: 640, pixelAspectRatio: 1, size: 64 });
const target = { classIndex: 1, classId: 'dls', focalLimit: 0.5 };

function planeWith(cells: Record<number, number>, grid = 8): Float32Array {
  const cam = new Float32Array(3 * grid * grid);
  for (const [cell, value] of Object.entries(cells)) cam[grid * grid + Number(cell)] = value;
  return cam;
}

describe('activationMap', () => {
  test('puts the peak at the centre of the strongest cell, in source pixels', () => {
    const map = activationMap(planeWith({ [3 * 8 + 5]: 2 }), [8, 8], target, square);
    expect(map?.peak).toEqual({ x: 5.5 * 80, y: 3.5 * 80 });
    expect(map?.maximum).toBe(2 * 0.9375 ** 2);
    expect(Math.max(...(map?.values ?? []))).toBe(1);
    expect(map?.reliability).toBe('focal');
  });
  test('encloses the half-maximum region by its box', () => {
    const map = activationMap(planeWith({ [3 * 8 + 5]: 2 }), [8, 8], target, square);
    expect(map?.box.left).toBeGreaterThan(380);
    expect(map?.box.right).toBeLessThan(500);
    expect(map?.box.left).toBeLessThan(map?.peak.x ?? 0);
    expect(map?.box.bottom).toBeGreaterThan(map?.peak.y ?? 0);
  });
  test('has nothing to show when no cell speaks for the class', () => {
    expect(activationMap(planeWith({ 9: -1 }), [8, 8], target, square)).toBeUndefined();
  });
  test('calls a map diffuse when more than the limit lies above half its maximum', () => {
    const everywhere = Object.fromEntries(Array.from({ length: 64 }, (_, cell) => [cell, 1]));
    expect(activationMap(planeWith(everywhere), [8, 8], target, square)?.reliability).toBe('not_focal');
  });
  test('ignores evidence in the letterbox padding', () => {
    const narrow = buildLetterbox({ columns: 320, rows: 640, pixelAspectRatio: 1, size: 64 });
    const map = activationMap(planeWith({ 0: 5, [4 * 8 + 4]: 1 }), [8, 8], target, narrow);
    expect(map?.peak).toEqual({ x: 200, y: 360 });
    expect(map?.coverage).toEqual({ left: -160, top: 0, right: 480, bottom: 640 });
    expect(map?.values[0]).toBe(0);
  });
});
