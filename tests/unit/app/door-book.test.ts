import { describe, expect, test } from 'vitest';
import { DoorBook } from '../../../src/app/door-book.ts';
import { TestClock } from '../store/store-fixture.ts';

function opened() {
  const written: { name: string; peerIp: unknown; count: unknown }[] = [];
  const clock = new TestClock();
  const book = new DoorBook({
    clock,
    write: (name, fields) => {
      const { peerIp, count } = fields as Readonly<Record<string, unknown>>;
      written.push({ name, peerIp, count });
    },
  });
  const violation = (peerIp: string) => book.record('PROTOCOL_VIOLATION', { peerIp, detail: 'x' });
  return { book, clock, written, violation };
}

describe('DoorBook (O04)', () => {
  test('a flood from one address is twenty entries and one with the number of the rest', () => {
    const { book, clock, written, violation } = opened();
    for (let n = 0; n < 10_000; n++) violation('10.0.0.66');
    violation('10.0.0.7');
    expect(written).toHaveLength(21);
    clock.advance(60_000);
    book.tick();
    expect(written.slice(21)).toEqual([{ name: 'PROTOCOL_VIOLATION', peerIp: '10.0.0.66', count: 9980 }]);
    violation('10.0.0.66');
    expect(written).toHaveLength(23);
  });

  test('whatever is let in is written each', () => {
    const { book, written } = opened();
    for (let n = 0; n < 100; n++) book.record('DESTINATION_UP', { destination: 'main' });
    expect(written).toHaveLength(100);
  });

  test('a flood from a million addresses is bounded, and nobody goes uncounted', () => {
    const { book, written, violation } = opened();
    for (let n = 0; n < 50_000; n++) violation(`10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`);
    book.flush();
    expect(written.length).toBeLessThan(1100);
    const counted = written.reduce((sum, { count }) => sum + (typeof count === 'number' ? count : 1), 0);
    expect(counted).toBe(50_000);
  });
});
