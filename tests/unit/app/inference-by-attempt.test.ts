import { describe, expect, test } from 'vitest';
import { inferenceByAttempt } from '../../../src/app/inference-by-attempt.ts';
import { NodeError } from '../../../src/core/errors.ts';
import { err, ok, type Result } from '../../../src/core/result.ts';
import type { Inference } from '../../../src/pipeline/inference.ts';

const on = (provider: 'cuda' | 'cpu') => ({ session: { provider } }) as unknown as Inference;

describe('inferenceByAttempt (G01)', () => {
  test('the first attempt takes the preferred provider, every repetition the CPU, opened once', async () => {
    const [card, cpu] = [on('cuda'), on('cpu')];
    let opened = 0;
    const choose = inferenceByAttempt(card, () => Promise.resolve((opened++, ok(cpu))));
    expect(await choose(1)).toBe(card);
    expect(opened).toBe(0);
    expect([await choose(2), await choose(3), await choose(1)]).toEqual([cpu, cpu, card]);
    expect(opened).toBe(1);
  });

  test('a node without a card has one session for all', async () => {
    const cpu = on('cpu');
    const choose = inferenceByAttempt(cpu, () => Promise.reject(new Error('never asked')));
    expect(await choose(2)).toBe(cpu);
  });

  test('a session that cannot be opened fails that attempt and is tried again for the next', async () => {
    const cpu = on('cpu');
    const answers: Result<Inference, NodeError>[] = [
      err(new NodeError('MODEL_PROVIDER', 'no memory')),
      ok(cpu),
    ];
    const choose = inferenceByAttempt(on('cuda'), () => Promise.resolve(answers.shift()!));
    await expect(choose(2)).rejects.toMatchObject({ code: 'MODEL_PROVIDER' });
    expect(await choose(3)).toBe(cpu);
  });
});
