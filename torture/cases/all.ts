import type { TortureCase } from '../case.ts';
import { archiveFaultCases } from './archive-faults.ts';
import { crashPointCases } from './crash-points.ts';
import { crowdCases } from './crowd.ts';
import { diskCases } from './disk.ts';
import { fuzzStreamCases } from './fuzz-streams.ts';
import { killCases } from './kills.ts';
import { mutantCases } from './mutants.ts';
import { workerFaultCases } from './worker-faults.ts';
import { identityCases } from './network-identity.ts';
import { loadCases } from './network-load.ts';
import { protocolCases } from './network-protocol.ts';
import { powerCases } from './power.ts';
import { soakCases } from './soak.ts';
import { operationCases } from './operation.ts';
import { provenCases } from './proven.ts';
import { weekAwayCases } from './week-away.ts';

const groups: readonly (readonly TortureCase[])[] = [
  protocolCases,
  identityCases,
  loadCases,
  crowdCases,
  fuzzStreamCases,
  mutantCases,
  crashPointCases,
  diskCases,
  killCases,
  powerCases,
  provenCases,
  operationCases,
  workerFaultCases,
  weekAwayCases,
  archiveFaultCases,
  soakCases,
];

/** Every case, in the order of the plan. */
export const allCases: readonly TortureCase[] = groups.flat().toSorted((a, b) => place(a.id) - place(b.id));

/** The plan's order: network, TLS, fuzz, data, crash, kills, PACS, users, GPU, model, standard, operation, recovery, load. */
function place(id: string): number {
  return 1000 * 'NTFDCKPUGMSORL'.indexOf(id.charAt(0)) + Number(id.slice(1));
}
