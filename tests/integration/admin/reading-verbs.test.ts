import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { explainFromBooks } from '../../../src/app/explain-verb.ts';
import { giveFeedback } from '../../../src/app/feedback-verb.ts';
import { lockDataFolder } from '../../../src/app/instance-lock.ts';
import { reportDay } from '../../../src/app/report-verb.ts';
import { reprocess } from '../../../src/app/reprocess-verb.ts';
import { previewRetention, runRetention } from '../../../src/app/retention-verb.ts';
import { statusFromBooks } from '../../../src/app/status-verb.ts';
import { hostClock } from '../../../src/store/store.ts';
import { openSiteBooks, type SiteBooks } from '../../support/site-books.ts';
import { analysed, boot, claim, image, model } from '../../unit/store/store-fixture.ts';

const dayMs = 86_400_000;
const yes = (): Promise<boolean> => Promise.resolve(true);

/** One analysed image, received so long ago, whose capture is stored and whose study is closed. */
function delivered(ageMs = 0): SiteBooks {
  const books = openSiteBooks();
  const { store, dataFolder } = books;
  const record = image(1, { atMs: hostClock.nowMs() - ageMs, folder: dataFolder });
  writeFileSync(record.path, 'pixels');
  store.inbox.admit(record);
  store.results.commitImageResult(analysed(claim(store)));
  store.studies.viewsComplete(record.studyInstanceUid);
  const due = store.studies.claimDue({
    quietMs: 1,
    hardMaxMs: 1,
    nowMs: hostClock.nowMs(),
    modelSha256: model,
    bootId: boot,
  });
  store.studies.closeWithoutReport(due!, 'test');
  const [delivery] = store.outbox.claimDue({
    destination: 'main',
    limit: 1,
    nowMs: hostClock.nowMs() + 1,
    bootId: boot,
  });
  store.outbox.markStored(delivery!, { status: 0 });
  return books;
}

describe('explain', () => {
  test.each(['ACC0001', '1.2.3.1', '1.2.3.4.1', 'last', image(1).instanceId])(
    'finds the study by %s',
    async (what) => {
      const { configFolder } = delivered();
      const { found, text } = await explainFromBooks(configFolder, what, { format: 'text', trail: 'none' });
      expect(found).toBe(true);
      expect(text).toContain('SC stored (0x0000)');
    },
  );

  test('JSON carries the schema, the zone and the same sentences', async () => {
    const { configFolder } = delivered();
    const { text } = await explainFromBooks(configFolder, 'last', { format: 'json', trail: 'all' });
    const answer = JSON.parse(text) as {
      schema: number;
      timeZone: string;
      studies: { explanation: { summary: string }; trail: unknown[] }[];
    };
    expect(answer).toMatchObject({ schema: 1, timeZone: 'Europe/Berlin', found: true });
    expect(answer.studies[0]?.explanation.summary).toContain('1 analysed');
    expect(answer.studies[0]?.trail.length).toBeGreaterThan(2);
  });

  test('something never seen names the last image of each sender', async () => {
    const { configFolder } = delivered();
    const { found, text } = await explainFromBooks(configFolder, 'NEVER', { format: 'text', trail: 'none' });
    expect(found).toBe(false);
    expect(text).toMatch(/No image with accession number NEVER was received since/);
    expect(text).toContain('Last image from DX_ROOM1:');
  });

  test('a file that is no DICOM file says so', async () => {
    const { configFolder } = delivered();
    await expect(
      explainFromBooks(configFolder, join(configFolder, 'node.yaml'), { format: 'text', trail: 'none' }),
    ).rejects.toThrow('is not a DICOM file');
  });
});

describe('status', () => {
  test('works while the node is down, and says so', async () => {
    const { configFolder } = delivered();
    const { health, text } = await statusFromBooks(configFolder, 'text');
    expect(health).toBe('down');
    expect(text).toMatch(/^THE NODE IS NOT RUNNING/);
    expect(text).toContain('X-ray room 1');
  });

  test('is well while a node holds the data folder; JSON carries figures instead of raw times', async () => {
    const { configFolder, dataFolder } = delivered();
    const lock = await lockDataFolder(dataFolder);
    const { health, text } = await statusFromBooks(configFolder, 'json');
    await lock.release();
    expect(health).toBe('well');
    expect(JSON.parse(text)).toMatchObject({
      schema: 1,
      health: 'well',
      latency: { capture: { count: 1 } },
      destinations: [{ name: 'main', stored24h: 1 }],
    });
  });
});

describe('report day', () => {
  test('today, yesterday and a date are days of the site; anything else is exit code 2', async () => {
    const { configFolder } = delivered();
    const today = await reportDay(configFolder, 'today', 'json');
    expect([today.exitCode, JSON.parse(today.text)]).toMatchObject([
      0,
      { schema: 1, received: 1, addsUp: true },
    ]);
    expect((await reportDay(configFolder, 'yesterday', 'text')).text).toContain('Received 0 images');
    expect((await reportDay(configFolder, '2026-02-30', 'text')).exitCode).toBe(2);
  });
});

describe('feedback', () => {
  test('is kept beside the result and shown by explain and report day', async () => {
    const { configFolder } = delivered();
    const given = await giveFeedback(configFolder, {
      uid: '1.2.3.4.1',
      judgement: 'disagree',
      readerClass: 'DLS',
      reader: 'c.reader',
    });
    expect(given.exitCode).toBe(0);
    const { text } = await explainFromBooks(configFolder, 'last', { format: 'text', trail: 'none' });
    expect(text).toContain('c.reader: disagree, would say DLS');
    expect((await reportDay(configFolder, 'today', 'text')).text).toMatch(/aaaaaaaa\s+0\s+1\s+0/);
  });

  test('an unknown image is exit code 4, an unknown class exit code 2', async () => {
    const { configFolder } = delivered();
    expect((await giveFeedback(configFolder, { uid: '9.9', judgement: 'agree' })).exitCode).toBe(4);
    const wrong = await giveFeedback(configFolder, {
      uid: '1.2.3.4.1',
      judgement: 'agree',
      readerClass: 'flu',
    });
    expect(wrong).toMatchObject({
      exitCode: 2,
      text: 'flu is no class of the model; its classes are DLS.\n',
    });
  });
});

describe('retention', () => {
  test('the preview says what would go and changes nothing; run removes exactly that', async () => {
    const { configFolder, dataFolder, store } = delivered(10 * dayMs);
    const file = image(1, { folder: dataFolder }).path;
    const preview = await previewRetention(configFolder, 'text');
    expect(preview.text).toContain(
      '1 received image would go (1000 B), finished and delivered, older than 7 days.',
    );
    expect(existsSync(file)).toBe(true);
    expect((await runRetention(configFolder, () => Promise.resolve(false))).exitCode).toBe(5);
    expect(existsSync(file)).toBe(true);
    const done = await runRetention(configFolder, yes);
    expect(done.text).toContain('1 received image went');
    expect(existsSync(file)).toBe(false);
    expect(store.audit.verify().intact).toBe(true);
  });

  test('nothing goes while the archive has not committed it', async () => {
    const strict = delivered(10 * dayMs);
    writeFileSync(
      join(strict.configFolder, 'pacs.yaml'),
      'pacs:\n  - { name: main, host: 10.0.0.5, calledAeTitle: ARCHIVE, storageCommitment: on }\n',
    );
    const node = join(strict.configFolder, 'node.yaml');
    writeFileSync(
      node,
      'aeTitle: LUMBAR\ntimeZone: Europe/Berlin\nstorage: { directory: ../data, watermark: 16MiB }\nsenders:\n  - { aeTitle: DX_ROOM1, cidr: [10.0.0.0/24] }\n',
    );
    expect((await previewRetention(strict.configFolder, 'text')).text).toContain('Nothing is due');
  });

  test('what nobody decided about ends as dismissed after its time, by name of the rule', async () => {
    const { configFolder, store } = openSiteBooks();
    store.inbox.admit(image(1, { atMs: hostClock.nowMs() - 40 * dayMs }));
    const { analysis: _analysis, ...held } = analysed(claim(store));
    store.results.commitImageResult({
      ...held,
      disposition: 'held',
      reasons: [{ code: 'S10', detail: 'no attribute names the view' }],
      objects: [],
    });
    expect((await previewRetention(configFolder, 'text')).text).toContain(
      '1 image held or set aside would end',
    );
    await runRetention(configFolder, yes);
    expect(store.images({ limit: 1, offset: 0 }).rows[0]).toMatchObject({
      disposition: 'skipped',
      reasons: [{ code: 'S16' }],
    });
    const [row] = store.auditQuery.query({ event: 'OPERATOR_DISMISSED', limit: 1 }).rows;
    expect(row?.fields['operator']).toBe('retention');
  });
});

describe('reprocess', () => {
  test('says before that an unchanged result keeps its UIDs, and a dry run changes nothing', async () => {
    const { configFolder, store } = delivered();
    store.audit.append('NODE_STARTED', { version: '1', bootId: 'b', configSha256: 'c'.repeat(64) });
    store.audit.append('MODEL_LOADED', { modelId: 'nano', modelSha256: model, provider: 'cpu' });
    const plan = await reprocess(configFolder, { what: 'ACC0001' }, { mode: 'dry-run', agree: yes });
    expect(plan.exitCode).toBe(0);
    expect(plan.text.replaceAll(/\s+/g, ' ')).toContain(
      '1 of them were analysed by this model and configuration before: the results get the same UIDs',
    );
    expect(store.jobs.depth()).toMatchObject({ queued: 0 });
  });

  test('puts the image into the queue in the name of the operator', async () => {
    const { configFolder, store } = delivered();
    const done = await reprocess(configFolder, { what: '1.2.3.4.1' }, { mode: 'act', agree: yes });
    expect(done.text).toContain('1 of 1 images are in the queue');
    expect(store.jobs.depth()).toMatchObject({ queued: 1 });
    expect(store.auditQuery.query({ event: 'OPERATOR_REQUEUED', limit: 1 }).rows).toHaveLength(1);
  });

  test('an image whose file is gone cannot, and what was never seen is exit code 4', async () => {
    const { configFolder, store } = delivered();
    store.db.sql("UPDATE instance SET spoolState = 'purged'").run();
    const gone = await reprocess(configFolder, { what: 'last' }, { mode: 'act', agree: yes });
    expect([gone.exitCode, gone.text]).toEqual([4, expect.stringContaining('1 image cannot')]);
    expect((await reprocess(configFolder, { what: 'NEVER' }, { mode: 'act', agree: yes })).exitCode).toBe(4);
  });
});
