import { existsSync, statSync } from 'node:fs';
import {
  judgeBackup,
  judgeCertificates,
  judgeIntegrity,
  judgeQueue,
  judgeSenders,
} from '../../admin/doctor/books.ts';
import { type Finding, fine, warning } from '../../admin/doctor/finding.ts';
import { retentionText } from '../../admin/retention/retention-text.ts';
import { asNodeError } from '../../core/errors.ts';
import { hostClock, openReadOnlyStore } from '../../store/store.ts';
import type { Books } from '../books.ts';
import { CertificateEnds } from '../certificate-ends.ts';
import { retentionRules } from '../retention-rules.ts';
import { SenderWatch } from '../sender-watch.ts';

/** A gigabyte is read in about half a minute; a larger file is left to the start of the service. */
const largestReadBytes = 1024 ** 3;

/** What the books say: work that waits, senders, backups, what retention would remove. */
export function probeBooks(books: Books, nodeRuns: boolean): Finding[] {
  const { config, store, time, loaded } = books;
  const nowMs = hostClock.nowMs();
  const { after } = config.alerts;
  const booksSinceMs = store.arrivals.booksSinceMs();
  const jobs = store.jobs.depth();
  const studies = store.monitor.studies();
  const standing = store.outbox.standing(nowMs);
  const plan = store.retention.plan(retentionRules(config), nowMs);
  return [
    ...(nodeRuns
      ? [runningConfiguration(store.serviceLevel.facts().configuration?.sha256, loaded.sha256)]
      : []),
    judgeQueue({
      nowMs,
      slowAfterMs: after.oldestItem,
      waiting: [
        { what: 'image for its analysis', oldestAtMs: jobs.oldestAtMs },
        { what: 'study for its report', oldestAtMs: studies.oldestAtMs },
        ...standing.map(({ destination, oldestWaitingAtMs }) => ({
          what: `result for ${destination}`,
          oldestAtMs: oldestWaitingAtMs,
        })),
      ],
      needPerson: jobs.quarantined + studies.failed + standing.reduce((sum, { parked }) => sum + parked, 0),
    }),
    judgeSenders(
      {
        nowMs,
        silentAfterMs: after.senderSilent,
        booksSinceMs,
        senders: new SenderWatch(config, store).standings(),
      },
      time,
    ),
    judgeBackup(nowMs, after.backupAge, {
      madeAtMs: store.monitor.newest('BACKUP_MADE')?.atMs,
      booksSinceMs,
    }),
    fine('retention-preview', retentionText(plan, config.retention, 'would').replaceAll(/\s+/g, ' ').trim()),
  ];
}

/** Files that were changed and are not in force look right and are not. */
function runningConfiguration(running: string | undefined, files: string): Finding {
  const name = 'config-matches-running';
  return running === undefined || running === files
    ? fine(name, 'the running node works with these files.')
    : warning(name, 'the files were changed and are not in force yet.', 'lumbar-node reload');
}

export function probeCertificates({ config }: Pick<Books, 'config'>): Finding[] {
  const nowMs = hostClock.nowMs();
  return judgeCertificates(
    new CertificateEnds(config).ends(nowMs),
    nowMs,
    config.alerts.after.certificateExpiry,
  );
}

/** Reads the database through (`PRAGMA quick_check`) on a connection that cannot write. */
export function probeIntegrity(path: string): Finding {
  if (!existsSync(path)) return judgeIntegrity({ kind: 'absent', path });
  const sizeBytes = statSync(path).size;
  try {
    const store = openReadOnlyStore({ databasePath: path, clock: hostClock });
    try {
      if (sizeBytes > largestReadBytes) return judgeIntegrity({ kind: 'skipped', sizeBytes });
      store.db.check('quick');
      return judgeIntegrity({ kind: 'whole', sizeBytes });
    } finally {
      store.close();
    }
  } catch (error) {
    const { code, message } = asNodeError(error);
    if (code === 'STORE_UNSAFE') return judgeIntegrity({ kind: 'older', detail: message });
    return judgeIntegrity({ kind: code === 'STORE_CORRUPT' ? 'broken' : 'closed', detail: message });
  }
}
