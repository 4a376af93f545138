import { describe, expect, test } from 'vitest';
import { changeQueue, listQueue, showQueueItem } from '../../../src/app/queue-verb.ts';
import { explainFromBooks } from '../../../src/app/explain-verb.ts';
import { shortName } from '../../../src/admin/queue/selection.ts';
import { unfinishedDeliveries, unfinishedImages } from '../../../src/store/operator-queue.ts';
import type { Store } from '../../../src/store/store.ts';
import { openSiteBooks, type SiteBooks } from '../../support/site-books.ts';
import { analysed, boot, claim, image } from '../../unit/store/store-fixture.ts';

const yes = (): Promise<boolean> => Promise.resolve(true);

/** One held image, one set aside, one waiting and one parked delivery, each of its own study. */
function unfinished(): SiteBooks {
  const books = openSiteBooks();
  const { store } = books;
  store.inbox.admit(image(1, { study: 1 }));
  const { analysis: _analysis, ...held } = analysed(claim(store));
  store.results.commitImageResult({
    ...held,
    disposition: 'held',
    reasons: [{ code: 'S10', detail: 'no attribute names the view' }],
    objects: [],
  });
  store.inbox.admit(image(2, { study: 2 }));
  store.jobs.quarantine(claim(store), {
    errorCode: 'PIXEL_CORRUPT',
    detail: 'the codestream ends early',
    reason: { code: 'T01', detail: 'the codestream ends early' },
  });
  for (const n of [3, 4]) {
    store.inbox.admit(image(n, { study: n, sender: n === 3 ? 'CR_WARD' : 'DX_ROOM1' }));
    store.results.commitImageResult(analysed(claim(store)));
  }
  const [parked] = store.outbox.claimDue({
    destination: 'main',
    limit: 1,
    nowMs: Date.now(),
    bootId: boot,
  });
  store.outbox.park(parked!, {
    error: 'main cannot understand the object (0xC000).',
    reason: 'D03',
    status: 0xc000,
  });
  return books;
}

function states(store: Store): string[] {
  return store.operatorQueue.items().map((item) => `${item.kind} ${item.state}`);
}

function name(store: Store, state: string): string {
  return shortName(store.operatorQueue.items().find((item) => item.state === state)!);
}

describe('queue list and show', () => {
  test('names everything unfinished in at most 100 columns, with the zone', async () => {
    const { configFolder } = unfinished();
    const { text, exitCode } = await listQueue(configFolder, { names: [] }, { format: 'text', limit: 50 });
    expect(exitCode).toBe(0);
    for (const state of ['HELD', 'SET ASIDE', 'WAITING', 'PARKED']) expect(text).toContain(` ${state} `);
    expect(text).toContain('since Europe/Berlin');
    expect(text).toContain('4 items.');
    for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(100);
  });

  test.each([
    [{ names: [], failed: true }, ['SET ASIDE', 'PARKED']],
    [{ names: [], held: true }, ['HELD']],
    [{ names: [], peer: 'main' }, ['PARKED', 'WAITING']],
    [{ names: [], peer: 'other' }, []],
    [{ names: [], reason: 'd03' }, ['PARKED']],
    [{ names: [], sender: 'CR_WARD' }, ['PARKED']],
    [{ names: ['1.2.3.4.2'] }, ['SET ASIDE']],
    [{ names: ['ACC0001'], held: true }, ['HELD']],
    [{ names: ['1.2.3.4'] }, ['WAITING']],
  ])('%j selects %j', async (selection, expected) => {
    const { configFolder } = unfinished();
    const { text } = await listQueue(configFolder, selection, { format: 'json', limit: 50 });
    const answer = JSON.parse(text) as { schema: number; items: { state: string }[] };
    expect(answer.schema).toBe(1);
    expect(answer.items.map(({ state }) => state).sort()).toEqual([...expected].sort());
  });

  test('shows one item with its reason in words; an unknown name is exit code 4', async () => {
    const { configFolder, store } = unfinished();
    const shown = await showQueueItem(configFolder, name(store, 'PARKED'), 'text');
    expect(shown.text).toContain('D03 the destination refused the object');
    expect(shown.text).toContain('main cannot understand the object (0xC000).');
    expect(await showQueueItem(configFolder, 'D999', 'text')).toMatchObject({ exitCode: 4 });
  });

  test('reads unfinished rows by index and no history', () => {
    const { store } = unfinished();
    for (const statement of [unfinishedImages, unfinishedDeliveries])
      expect(store.db.queryPlan(statement).join('\n')).not.toMatch(/SCAN [ixoj]\b(?! USING)/);
  });
});

describe('queue retry, cancel, hold, release, dismiss', () => {
  test('says what is affected before it acts, and a no changes nothing', async () => {
    const { configFolder, store } = unfinished();
    const before = states(store);
    let announced = '';
    const refused = await changeQueue(configFolder, {
      action: 'retry',
      selection: { names: [], failed: true },
      agree: (text) => {
        announced = text;
        return Promise.resolve(false);
      },
    });
    expect(announced).toBe(
      '1 set aside image, 1 parked SC for main of 2 studies: deliveries are sent again now, images analysed again, reports built again.',
    );
    expect(refused.exitCode).toBe(5);
    expect(states(store)).toEqual(before);
  });

  test('without any selection it asks for one and does nothing (exit code 2)', async () => {
    const { configFolder } = unfinished();
    const answer = await changeQueue(configFolder, {
      action: 'cancel',
      selection: { names: [] },
      agree: yes,
    });
    expect(answer.exitCode).toBe(2);
  });

  test('retry sends parked deliveries and analyses images set aside again, in the name of the operator', async () => {
    const { configFolder, store } = unfinished();
    const answer = await changeQueue(configFolder, {
      action: 'retry',
      selection: { names: [], failed: true },
      agree: yes,
    });
    expect(answer).toEqual({ exitCode: 0, text: '2 items changed.\n' });
    expect(states(store).sort()).toEqual([
      'delivery WAITING',
      'delivery WAITING',
      'image HELD',
      'image QUEUED',
    ]);
    const audited = store.auditQuery.query({ event: 'OPERATOR_RESENT', limit: 10 }).rows;
    expect(audited.map(({ fields }) => fields['operator'])).toEqual([expect.stringMatching(/./)]);
    expect(audited[0]?.fields['objectId']).toEqual(expect.any(String));
  });

  test('a delivery held back is neither sent nor forgotten, and goes when it is released', async () => {
    const { configFolder, store } = unfinished();
    await changeQueue(configFolder, { action: 'hold', selection: { names: [], peer: 'main' }, agree: yes });
    const due = () =>
      store.outbox.claimDue({ destination: 'main', limit: 8, nowMs: Date.now() + 1, bootId: boot }).length;
    expect(due()).toBe(0);
    const held = name(store, 'HELD BACK');
    const explained = await explainFromBooks(configFolder, image(4).sopInstanceUid, {
      format: 'text',
      trail: 'none',
    });
    expect(explained.text).toContain('SC HELD BACK D06: held back by ');
    expect(explained.text).toContain('lumbar-node queue release --peer main');
    const released = await changeQueue(configFolder, {
      action: 'release',
      selection: { names: [held] },
      agree: yes,
    });
    expect(released.text).toBe('1 item changed.\n');
    expect(due()).toBe(1);
  });

  test('release has a held image analysed, dismiss ends it as skipped and one set aside as failed', async () => {
    const { configFolder, store } = unfinished();
    await changeQueue(configFolder, {
      action: 'dismiss',
      selection: { names: [], failed: true },
      agree: yes,
    });
    expect(store.images({ disposition: 'failed', limit: 1, offset: 0 }).rows[0]).toMatchObject({
      outcome: 'FAILED',
      reasons: [{ code: 'T01' }],
    });
    expect(store.jobs.depth().quarantined).toBe(0);
    await changeQueue(configFolder, { action: 'release', selection: { names: [], held: true }, agree: yes });
    expect(states(store)).toContain('image QUEUED');
    const [from, to] = [Date.now() - 86_400_000 * 400, Date.now() + 1];
    expect(store.dayReport(from, to).addsUp).toBe(true);
  });

  test('cancel gives deliveries up but not one that is being sent', async () => {
    const { configFolder, store } = unfinished();
    store.outbox.claimDue({ destination: 'main', limit: 1, nowMs: Date.now(), bootId: boot });
    const answer = await changeQueue(configFolder, {
      action: 'cancel',
      selection: { names: [], peer: 'main' },
      agree: yes,
    });
    expect(answer.text).toBe('1 item changed.\n');
    expect(states(store)).toContain('delivery SENDING');
    expect(states(store)).not.toContain('delivery PARKED');
  });

  test('what moved on between the question and the answer is left alone', async () => {
    const { configFolder, store } = unfinished();
    const answer = await changeQueue(configFolder, {
      action: 'dismiss',
      selection: { names: [], held: true },
      agree: () => {
        store.holds.release(image(1).instanceId, 'b.operator');
        return Promise.resolve(true);
      },
    });
    expect(answer.text).toBe('0 items changed. 1 had moved on meanwhile and were left alone.\n');
  });

  test('what matches but does not allow the action is named (exit code 4)', async () => {
    const { configFolder } = unfinished();
    const answer = await changeQueue(configFolder, {
      action: 'hold',
      selection: { names: [], held: true },
      agree: yes,
    });
    expect(answer).toEqual({
      exitCode: 4,
      text: '1 item matches, but none stands so that hold applies (HELD). Nothing was changed.\n',
    });
  });
});
