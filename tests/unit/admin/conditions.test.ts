import { describe, expect, test } from 'vitest';
import { advisedKinds, alertAdvice } from '../../../src/admin/alerts/alert-advice.ts';
import { type AlertReadings, findConditions, watchedKinds } from '../../../src/admin/alerts/conditions.ts';

const minute = 60_000;
const hour = 60 * minute;
const day = 24 * hour;
const nowMs = Date.UTC(2026, 10, 23, 14, 0, 0);

const well: AlertReadings = {
  nowMs,
  after: {
    pacsRefusing: 10 * minute,
    oldestItem: 30 * minute,
    senderSilent: 2 * hour,
    certificateExpiry: 30 * day,
    backupAge: 48 * hour,
  },
  destinations: [{ name: 'main', waiting: 0, oldestWaitingAtMs: null, refusingSinceMs: null }],
  analysisOldestAtMs: nowMs - minute,
  reportOldestAtMs: null,
  senders: [{ aeTitle: 'DX_ROOM1', name: 'X-ray room 1', silentUsualMs: hour }],
  drift: [],
  auditFinding: undefined,
  certificates: [{ name: 'console', endsAtMs: nowMs + 31 * day }],
  backupAtMs: nowMs - day,
  processesDown: [{ name: 'worker', sinceMs: nowMs - minute, givenUp: false }],
};

function causes(changes: Partial<AlertReadings>): string[] {
  return findConditions({ ...well, ...changes }).map(({ cause }) => cause);
}

describe('conditions that need a person', () => {
  test('a node that is well has none', () => {
    expect(causes({})).toEqual([]);
  });

  test.each<[string, Partial<AlertReadings>]>([
    ['analysis:old-item', { analysisOldestAtMs: nowMs - 31 * minute }],
    ['report:old-item', { reportOldestAtMs: nowMs - 31 * minute }],
    ['DX_ROOM1:silent', { senders: [{ aeTitle: 'DX_ROOM1', name: 'room', silentUsualMs: 2 * hour }] }],
    ['audit-broken', { auditFinding: 'row 7 was changed' }],
    ['console:certificate', { certificates: [{ name: 'console', endsAtMs: nowMs + 29 * day }] }],
    ['console:certificate', { certificates: [{ name: 'console', endsAtMs: nowMs - day }] }],
    ['backup-old', { backupAtMs: nowMs - 49 * hour }],
    [
      'worker:process-down',
      { processesDown: [{ name: 'worker', sinceMs: nowMs - 3 * minute, givenUp: false }] },
    ],
    ['worker:process-down', { processesDown: [{ name: 'worker', sinceMs: nowMs, givenUp: true }] }],
  ])('%s', (cause, changes) => {
    expect(causes(changes)).toEqual([cause]);
  });

  test('a destination that refuses is one trouble, not two, and only after its time', () => {
    const waiting = (minutes: number) => ({
      destinations: [
        {
          name: 'main',
          waiting: 3,
          oldestWaitingAtMs: nowMs - minutes * minute,
          refusingSinceMs: nowMs - minutes * minute,
        },
      ],
    });
    expect(causes(waiting(10))).toEqual([]);
    expect(causes(waiting(11))).toEqual(['main:refusing']);
    expect(causes(waiting(60))).toEqual(['main:refusing']);
  });

  test('what waits long although the destination takes other things is told', () => {
    expect(
      causes({
        destinations: [{ name: 'main', waiting: 1, oldestWaitingAtMs: nowMs - hour, refusingSinceMs: null }],
      }),
    ).toEqual(['main:old-item']);
  });

  test('more suspected results than usual and other changes are different alerts', () => {
    const finding = { sender: 'DX_ROOM1', recent: 0.4, usual: 0.2, recentCount: 100, usualCount: 900, z: 5 };
    expect(
      causes({
        drift: [
          { ...finding, measure: 'suspected', verdict: 'drifted' },
          { ...finding, measure: 'no-result', verdict: 'drifted' },
          { ...finding, measure: 'score dls', verdict: 'usual' },
        ],
      }),
    ).toEqual(['DX_ROOM1:positive-rate', 'DX_ROOM1 no-result:drift']);
  });

  test('every kind comes with advice of its own', () => {
    expect(watchedKinds.filter((kind) => !advisedKinds.includes(kind))).toEqual([]);
    expect(alertAdvice('main:refusing')).toContain('PACS');
  });
});
