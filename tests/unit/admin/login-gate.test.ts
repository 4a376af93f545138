import { describe, expect, test } from 'vitest';
import { LoginGate } from '../../../src/admin/console/login-gate.ts';

function openGate() {
  let nowMs = 0;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const gate = new LoginGate('a fictional password: ü', clock);
  const basic = (user: string, password: string): string =>
    `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return {
    gate,
    right: basic('admin', 'a fictional password: ü'),
    wrong: basic('admin', 'guess'),
    basic,
    advance: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('LoginGate', () => {
  test('asks when nothing is presented and welcomes the right password, colons and umlauts included', () => {
    const { gate, right } = openGate();
    expect(gate.judge(undefined, '10.0.0.9').kind).toBe('ask');
    expect(gate.judge(right, '10.0.0.9').kind).toBe('welcome');
  });

  test.each(['Basic', 'Basic !!!', 'Bearer abc', '', 'Basic YWRtaW4='])(
    'refuses the malformed header %j',
    (header) => {
      expect(openGate().gate.judge(header, '10.0.0.9').kind).toBe('refused');
    },
  );

  test('refuses the right password for another user', () => {
    const { gate, basic } = openGate();
    expect(gate.judge(basic('root', 'a fictional password: ü'), '10.0.0.9').kind).toBe('refused');
  });

  test('after five wrong passwords not even the right one is looked at, until time has passed', () => {
    const { gate, wrong, right, advance } = openGate();
    for (let i = 0; i < 5; i++) expect(gate.judge(wrong, '10.0.0.9').kind).toBe('refused');
    expect(gate.judge(right, '10.0.0.9')).toEqual({ kind: 'wait', retryAfterSeconds: 30 });
    expect(gate.judge(right, '10.0.0.10').kind).toBe('welcome');
    advance(30_001);
    expect(gate.judge(right, '10.0.0.9').kind).toBe('welcome');
  });

  test('one guess in thirty seconds is all that an attacker gets afterwards', () => {
    const { gate, wrong, advance } = openGate();
    let looked = 0;
    for (let second = 0; second < 600; second++) {
      if (gate.judge(wrong, '10.0.0.9').kind === 'refused') looked += 1;
      advance(1000);
    }
    expect(looked).toBeLessThanOrEqual(25);
  });
});
