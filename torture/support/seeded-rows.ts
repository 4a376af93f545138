import { mkdirSync } from 'node:fs';
import { newUlid, sha256Hex } from '../../src/core/identifiers.ts';
import { openDatabase } from '../../src/store/database.ts';
import type { AttackedNode } from './attacked-node.ts';

const dayMs = 86_400_000;

/**
 * Writes rows into the database of a node that does not run: images that wait in the queue, or images that ended ten
 * days ago, whose files are gone (as after years of use). Their files are not there; a worker finds that out per job.
 */
export function seedRows(node: AttackedNode, count: number, state: 'queued' | 'delivered'): void {
  mkdirSync(node.dataFolder, { recursive: true, mode: 0o700 });
  const database = openDatabase(node.databasePath);
  const isQueued = state === 'queued';
  const receivedAtMs = Date.now() - 10 * dayMs;
  try {
    for (let from = 0; from < count; from += 5000) {
      database.transaction(() => {
        for (let n = from; n < Math.min(count, from + 5000); n++) {
          const instanceId = newUlid(receivedAtMs + n);
          const study = `2.25.7${Math.floor(n / 4)}`;
          database
            .sql(`INSERT INTO instance (instanceId, sopClassUid, sopInstanceUid, studyInstanceUid, seriesInstanceUid,
                transferSyntaxUid, callingAeTitle, calledAeTitle, peerIp, sha256, sizeBytes, path, receivedAtMs,
                spoolState, disposition, reasonsJson)
              VALUES (@instanceId, '1.2.840.10008.5.1.4.1.1.1.1', @uid, @study, @study || '.1', '1.2.840.10008.1.2.1',
                'TORTURE_DX', 'LUMBAR_NODE', '127.0.0.1', @sha256, 1000, @path, @receivedAtMs, @spoolState, @disposition, @reasons)`)
            .run({
              instanceId,
              uid: `2.25.8${n}`,
              study,
              sha256: sha256Hex(`seeded ${n}`),
              path: `/nowhere/${instanceId}.dcm`,
              receivedAtMs: receivedAtMs + n,
              spoolState: isQueued ? 'missing' : 'purged',
              disposition: isQueued ? 'pending' : 'skipped',
              reasons: isQueued ? '[]' : '[{"code":"S01","detail":"seeded"}]',
            });
          database
            .sql(`INSERT INTO job (jobId, instanceId, state, priority, createdAtMs, finishedAtMs)
              VALUES (@jobId, @instanceId, @state, 5, @receivedAtMs, @receivedAtMs)`)
            .run({
              jobId: newUlid(receivedAtMs + n),
              instanceId,
              state: isQueued ? 'QUEUED' : 'DONE',
              receivedAtMs: receivedAtMs + n,
            });
          if (n % 4 === 0)
            database
              .sql(`INSERT INTO study (studyInstanceUid, state, openedAtMs, lastActivityMs)
                VALUES (@study, @state, @receivedAtMs, @receivedAtMs)`)
              .run({ study, state: isQueued ? 'OPEN' : 'CLOSED', receivedAtMs: receivedAtMs + n });
        }
      });
    }
  } finally {
    database.close();
  }
}
