import { newUlid } from '../src/core/identifiers.ts';
import type { Store } from '../src/store/store.ts';

const batch = 2000;

/** Admits fictional images number `from` to `to` (excluded), four to a study, in large transactions. */
export function admitMany(store: Store, from: number, to: number): void {
  for (let start = from; start < to; start += batch) {
    store.db.transaction(() => {
      for (let index = start; index < Math.min(to, start + batch); index++) admit(store, index);
    });
  }
}

function admit(store: Store, index: number): void {
  const nowMs = Date.UTC(2026, 0, 5) + index * 100;
  store.inbox.admit({
    instanceId: newUlid(nowMs),
    sopClassUid: '1.2.840.10008.5.1.4.1.1.1.1',
    sopInstanceUid: `2.25.5${index}`,
    studyInstanceUid: `2.25.6${Math.floor(index / 4)}`,
    seriesInstanceUid: `2.25.7${Math.floor(index / 4)}`,
    transferSyntaxUid: '1.2.840.10008.1.2.1',
    callingAeTitle: `DX_ROOM${index % 5}`,
    calledAeTitle: 'LUMBAR_NODE',
    peerIp: '10.0.0.31',
    associationId: `association-${Math.floor(index / 4)}`,
    sha256: index.toString(16).padStart(64, '0'),
    sizeBytes: 1000,
    path: `obj/0/${index}.dcm`,
    receivedAtMs: nowMs,
  });
}
