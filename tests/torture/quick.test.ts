import { afterAll, beforeAll, expect, test } from 'vitest';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { TortureBench } from '../../torture/bench.ts';
import { allCases } from '../../torture/cases/all.ts';
import { quickSizes } from '../../torture/sizes.ts';

// A short selection of the fault and attack plan; `npm run torture` runs the whole (docs/reliability.md).
const seed = 'continuous-integration';
let bench: TortureBench;

beforeAll(async () => {
  await initialiseCodecs();
  bench = new TortureBench({ seed, quick: true, keep: 'nothing', size: quickSizes });
});

afterAll(async () => {
  await bench.close();
}, 60_000);

test.for(allCases.filter(({ quick }) => quick === true).map((torture) => [torture.id, torture] as const))(
  '%s',
  { timeout: 240_000 },
  async ([, torture], { skip }) => {
    const { result, remarks } = await bench.run(torture);
    // Without root there are no mounts and no strace: what cannot be injected is skipped with its reason, not passed.
    if (result === 'not injectable') skip(remarks.join('; '));
    expect(remarks).toEqual([]);
  },
);
