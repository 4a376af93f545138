import { existsSync, mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { sweepSpool } from '../../../src/store/spool-sweep.ts';
import { boot, image, openFixture, writeSpoolFile } from './store-fixture.ts';

describe('admit', () => {
  test('makes image, job, open study and audit row together', () => {
    const { store, clock } = openFixture();
    expect(store.inbox.admit(image(1))).toBe('stored');
    expect(store.inbox.instance(image(1).instanceId)).toMatchObject({
      disposition: 'pending',
      sopInstanceUid: '1.2.3.4.1',
    });
    expect(store.jobs.depth()).toMatchObject({ queued: 1, oldestAtMs: clock.nowMs() });
    expect(store.explain('last')).toMatchObject({ state: 'OPEN' });
    expect(store.explain('last')?.timeline.map((row) => row.event)).toEqual(['INSTANCE_STORED']);
  });

  test('the same UID with the same bytes is a duplicate: counted, not queued again', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    expect(store.inbox.admit({ ...image(1), instanceId: 'another' })).toBe('duplicate');
    expect(store.jobs.depth().queued).toBe(1);
    expect(store.inbox.instance('another')).toBeUndefined();
    expect(store.inbox.instance(image(1).instanceId)?.duplicateCount).toBe(1);
  });

  test('a known UID with other bytes is kept beside the first, queued and audited', () => {
    const { store } = openFixture();
    store.inbox.admit(image(1));
    expect(store.inbox.admit({ ...image(1, { content: 'other' }), instanceId: 'second' })).toBe(
      'content-changed',
    );
    expect(store.jobs.depth().queued).toBe(2);
    const events = store.auditQuery
      .query({ sopInstanceUid: '1.2.3.4.1', limit: 10 })
      .rows.map((row) => row.event);
    expect(events).toContain('INSTANCE_CONTENT_CHANGED');
  });

  test('an association lost with its process is closed by the next start', () => {
    const { store } = openFixture();
    const association = {
      associationId: 'assoc-1',
      callingAeTitle: 'DX_ROOM1',
      calledAeTitle: 'LUMBAR',
      peerIp: '10.0.0.31',
    };
    store.inbox.associationOpened(association, boot);
    expect(store.inbox.closeAssociationsOfOtherBoots(boot)).toBe(0);
    expect(store.inbox.closeAssociationsOfOtherBoots('another boot')).toBe(1);
  });

  test('the audit row of an association says what it was refused', () => {
    const { store } = openFixture();
    const peer = { callingAeTitle: 'CT1', calledAeTitle: 'LUMBAR', peerIp: '10.0.0.31' };
    store.inbox.associationOpened(
      { ...peer, associationId: 'assoc-1', refusals: 'SOP class not taken: CT' },
      boot,
    );
    const opened = store.auditQuery.query({ event: 'ASSOCIATION_OPENED', limit: 10 }).rows;
    expect(opened.map((row) => row.fields['detail'])).toEqual(['SOP class not taken: CT']);
  });

  test('closing an association twice tells of it once', () => {
    const { store } = openFixture();
    const association = {
      associationId: 'assoc-1',
      callingAeTitle: 'DX_ROOM1',
      calledAeTitle: 'LUMBAR',
      peerIp: '10.0.0.31',
    };
    store.inbox.associationOpened(association, boot);
    store.inbox.admit(image(1));
    store.inbox.associationClosed('assoc-1', 'release');
    store.inbox.associationClosed('assoc-1', 'release');
    const closed = store.auditQuery.query({ event: 'ASSOCIATION_CLOSED', limit: 10 }).rows;
    expect(closed.map((row) => row.fields['count'])).toEqual([1]);
  });
});

describe('sweepSpool', () => {
  test('deletes what was never acknowledged and keeps what was', () => {
    const { store, folder } = openFixture();
    const spool = join(folder, 'spool');
    mkdirSync(join(spool, 'in'), { recursive: true });
    const kept = image(1, { folder: spool });
    store.inbox.admit(kept);
    writeSpoolFile(kept);
    writeFileSync(join(spool, 'in', 'half.part'), 'x');
    writeFileSync(join(spool, '01JUNKNOWN.dcm'), 'x');
    expect(sweepSpool(store.db, store.audit, spool)).toEqual({
      deletedParts: 1,
      deletedOrphans: 1,
      missing: [],
    });
    expect(existsSync(kept.path)).toBe(true);
    expect(existsSync(join(spool, '01JUNKNOWN.dcm'))).toBe(false);
  });

  test('reports an image whose file is gone, and a resend of it heals the row', () => {
    const { store, folder } = openFixture();
    const lost = image(1, { folder });
    store.inbox.admit(lost);
    expect(sweepSpool(store.db, store.audit, folder).missing).toEqual([
      { instanceId: lost.instanceId, path: lost.path },
    ]);
    const resent = {
      ...lost,
      instanceId: '01JRESENT00000000000000000',
      path: join(folder, '01JRESENT00000000000000000.dcm'),
    };
    writeSpoolFile(resent);
    expect(store.inbox.admit(resent)).toBe('stored');
    expect(store.inbox.instance(lost.instanceId)).toMatchObject({ path: resent.path, spoolState: 'present' });
    expect(store.jobs.depth().queued).toBe(1);
    expect(sweepSpool(store.db, store.audit, folder)).toEqual({
      deletedParts: 0,
      deletedOrphans: 0,
      missing: [],
    });
    unlinkSync(resent.path);
  });
});
