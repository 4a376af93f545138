import { describe, expect, test } from 'vitest';
import { WorkerLoop, type WorkStep } from '../../../src/app/worker-loop.ts';

const longIdleMs = 60_000;

function loopOf(step: WorkStep, lanes: number, told: string[] = [], jobsPerLife = 1000): WorkerLoop {
  return new WorkerLoop({
    channel: { tell: ({ kind }) => void told.push(kind) },
    steps: [step],
    idleMs: () => longIdleMs,
    jobsPerLife,
    rssLimitBytes: Number.POSITIVE_INFINITY,
    lanes,
  });
}

/** Work that ends when the test says so. */
function heldWork(count: number) {
  const started: PromiseWithResolvers<undefined>[] = Array.from({ length: count }, () =>
    Promise.withResolvers(),
  );
  const ends: PromiseWithResolvers<undefined>[] = Array.from({ length: count }, () =>
    Promise.withResolvers(),
  );
  let next = 0;
  const step: WorkStep = async () => {
    const index = next;
    if (index >= count) return false;
    next++;
    started[index]?.resolve(undefined);
    await ends[index]?.promise;
    return true;
  };
  return {
    step,
    started: (index: number) => started[index]?.promise,
    end: (index: number) => ends[index]?.resolve(undefined),
    begun: () => next,
  };
}

describe('WorkerLoop', () => {
  test('has as many pieces of work in hand as it has lanes', async () => {
    const work = heldWork(3);
    const loop = loopOf(work.step, 2);
    const run = loop.run();
    await work.started(0);
    await work.started(1);
    expect(work.begun()).toBe(2);
    work.end(0);
    await work.started(2);
    loop.drain();
    work.end(1);
    work.end(2);
    await run;
  });

  test('drain waits for the work in hand and starts none', async () => {
    const work = heldWork(2);
    const loop = loopOf(work.step, 1);
    const run = loop.run();
    await work.started(0);
    loop.drain();
    work.end(0);
    await run;
    expect(work.begun()).toBe(1);
  });

  test('a wake that comes while the steps find nothing is not slept through', async () => {
    let looks = 0;
    const loop: WorkerLoop = loopOf(() => {
      looks++;
      if (looks === 1) loop.wake();
      else loop.drain();
      return Promise.resolve(false);
    }, 1);
    await loop.run();
    expect(looks).toBe(2);
  });

  test('the end of one piece of work makes the idle lanes look again', async () => {
    const first = Promise.withResolvers<undefined>();
    let isHeld = false;
    let looksOfOthers = 0;
    const loop: WorkerLoop = loopOf(async () => {
      if (!isHeld) {
        isHeld = true;
        await first.promise;
        return true;
      }
      looksOfOthers++;
      if (looksOfOthers === 1) first.resolve(undefined);
      else loop.drain();
      return false;
    }, 2);
    await loop.run();
    expect(looksOfOthers).toBeGreaterThan(1);
  });

  test('a fault that a step throws ends the loop', async () => {
    const loop = loopOf(() => Promise.reject(new Error('disk')), 2);
    await expect(loop.run()).rejects.toThrow('disk');
  });

  test('asks to be replaced after its share of jobs', async () => {
    const told: string[] = [];
    let left = 3;
    const loop: WorkerLoop = loopOf(
      () => {
        if (left-- > 0) return Promise.resolve(true);
        loop.drain();
        return Promise.resolve(false);
      },
      1,
      told,
      2,
    );
    await loop.run();
    expect(told).toEqual(['recycle']);
  });
});
