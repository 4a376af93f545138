import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { AuditChainWatch } from '../../../src/app/audit-chain-watch.ts';
import { peer } from '../../support/peer.ts';
import { openFixture } from '../store/store-fixture.ts';

const sqlite = peer('sqlite3');

describe('AuditChainWatch', () => {
  test('walks a long chain in parts and finds nothing when nothing is wrong', () => {
    const { store, clock } = openFixture();
    store.db.transaction(() => {
      for (let i = 0; i < 1200; i++) store.audit.append('STUDY_CLOSED', { studyInstanceUid: `1.2.${i}` });
    });
    const watch = new AuditChainWatch(store.audit);
    for (let i = 0; i < 5; i++) watch.step(clock.nowMs());
    expect(watch.finding).toBeUndefined();
    store.audit.append('STUDY_CLOSED', { studyInstanceUid: '1.2.3' });
    clock.advance(86_400_001);
    for (let i = 0; i < 5; i++) watch.step(clock.nowMs());
    expect(watch.finding).toBeUndefined();
  });

  test.skipIf(sqlite === undefined)(
    'finds a row that was changed behind its back, in the pass of the next day',
    () => {
      const { store, clock, databasePath } = openFixture();
      for (let i = 0; i < 20; i++) store.audit.append('STUDY_CLOSED', { studyInstanceUid: `1.2.${i}` });
      const watch = new AuditChainWatch(store.audit);
      watch.step(clock.nowMs());
      expect(watch.finding).toBeUndefined();
      execFileSync(sqlite ?? '', [
        databasePath,
        'DROP TRIGGER auditNoUpdate; UPDATE audit SET fieldsJson = \'{"studyInstanceUid":"9"}\' WHERE seq = 7;',
      ]);
      clock.advance(86_400_001);
      watch.step(clock.nowMs());
      expect(watch.finding).toBe('row 7 was changed');
    },
  );
});
