import { copyFileSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hostClock } from '../../../src/store/store.ts';
import { fillDay, type MadeDay } from '../../support/console-day.ts';
import { type ConsoleSite, openConsoleSite } from '../../support/console-site.ts';
import { peer } from '../../support/peer.ts';

const browserPath = peer('chromium');
const accessibilityCheck = readFileSync(
  resolve(import.meta.dirname, '../../support/accessibility-check.js'),
  'utf8',
);
const canary = '<svg onload=alert(1)>"\'&';
const patientName = 'CANARY^PATIENT';

let site: ConsoleSite;
let day: MadeDay;
let browser: Browser;
let context: BrowserContext;

/** Every page for people; `ID` stands for an image, which is the one place where an accession number may stand. */
const pages = [
  '/',
  '/images',
  '/images?end=held',
  '/images?end=SUSPECTED&sender=DX_ROOM1&reason=S02&from=2026-01-01&to=2030-01-01',
  '/images?end=nonsense&from=yesterday',
  '/images/ID',
  '/images/HELD',
  '/held',
  '/queue',
  '/senders',
  '/model',
  '/audit',
  '/audit?event=IMAGE_HELD',
  '/find?q=1.2.826.0.1.3680043.10.999.7.0.40000003',
  '/find?q=%3Csvg%20onload%3Dalert(1)%3E',
  '/nowhere',
] as const;

beforeAll(async () => {
  site = await openConsoleSite({
    before: ({ store, folder }) => {
      day = fillDay(store, {
        shape: { analysed: 12, skipped: 20, held: 60, refused: 2 },
        senders: ['DX_ROOM1', 'CR_WARD', 'FORMER_ROOM'],
        nowMs: hostClock.nowMs(),
        destinations: [],
        text: canary,
        patientName,
      });
      const [held] = day.held;
      const picture = resolve(
        import.meta.dirname,
        '../../../models/lumbar-nano-sim/golden/dicom-normal-neutral.dcm',
      );
      copyFileSync(picture, join(folder, 'data', 'spool', `${held ?? ''}.dcm`));
      store.alerts.start('main:refusing', `no answer ${canary}`);
    },
  });
  browser = await chromium.launch({ executablePath: browserPath ?? '', args: ['--no-sandbox'] });
  context = await browser.newContext({ javaScriptEnabled: false });
}, 120_000);

afterAll(async () => {
  await browser.close();
  await site.close();
});

/** Opens a page and tells what went wrong beside it: requests to elsewhere and errors of the browser. */
async function open(path: string): Promise<{ page: Page; troubles: string[]; html: string; status: number }> {
  const page = await context.newPage();
  const troubles: string[] = [];
  page.on('request', (request) => {
    if (!request.url().startsWith(`${site.origin}/`)) troubles.push(`asked ${request.url()}`);
  });
  page.on('console', (message) => {
    // A page that is "not here" says so by its status, which the browser repeats as an error.
    if (message.type() === 'error' && !message.text().includes('404')) troubles.push(message.text());
  });
  page.on('pageerror', (error) => troubles.push(error.message));
  const [analysed = ''] = day.analysed;
  const [held = ''] = day.held;
  const response = await page.goto(`${site.origin}${path.replace('ID', analysed).replace('HELD', held)}`);
  return { page, troubles, html: (await response?.text()) ?? '', status: response?.status() ?? 0 };
}

/** What an accessibility checker looks for in the markup, as sentences about what is wrong. */
function accessibilityFaults(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(accessibilityCheck);
}

/** A page about one image or study that somebody asked for: there the accession number may stand. */
function isAskedFor(path: string): boolean {
  return path.startsWith('/images/') || path.startsWith('/find?q=1.2.');
}

describe.skipIf(browserPath === undefined)('the console in a browser without JavaScript', () => {
  test.each(pages)(
    '%s asks nothing of others, shows no foreign markup and no patient, and can be read by everybody',
    async (path) => {
      const { page, troubles, html, status } = await open(path);
      expect(troubles).toEqual([]);
      expect(status).toBe(path === '/nowhere' || path.startsWith('/find?q=%3C') ? 404 : 200);
      expect(html).not.toContain('<svg');
      expect(html).not.toMatch(/CANARY|PID-/);
      if (!isAskedFor(path)) expect(html).not.toMatch(/ACC-\d/);
      expect(await accessibilityFaults(page)).toEqual([]);
      expect(await page.locator('script').count()).toBe(0);
      await page.close();
    },
  );

  test('the page of an image says what explain says, names the study and has the picture of a held image', async () => {
    const { page, html } = await open('/images/HELD');
    expect(html).toContain('HELD S10 the view cannot be told from the header');
    expect(html).toMatch(/ACC-\d/);
    const box = await page.evaluate('document.querySelector("figure img").naturalWidth');
    expect(box).toBeGreaterThan(100);
    await page.close();
  });

  test('fits a telephone: nothing sticks out sideways', async () => {
    for (const path of ['/', '/images', '/images/ID', '/held', '/model', '/audit']) {
      const { page } = await open(path);
      await page.setViewportSize({ width: 360, height: 740 });
      const overflow = await page.evaluate('document.documentElement.scrollWidth - window.innerWidth');
      expect([path, overflow]).toEqual([path, 0]);
      await page.close();
    }
  });

  test('the keyboard reaches the content first, and what has the focus is seen', async () => {
    const { page } = await open('/');
    await page.keyboard.press('Tab');
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content');
    const outline = await page.evaluate('getComputedStyle(document.activeElement).outlineStyle');
    expect(outline).toBe('solid');
    await page.close();
  });

  test('pages lead through all sixty held images once each, by their keys', async () => {
    const { page } = await open('/held');
    const seen: string[] = [];
    for (;;) {
      const links = page.locator('td a[href^="/images/"]');
      for (let i = 0; i < (await links.count()); i++)
        seen.push((await links.nth(i).getAttribute('href')) ?? '');
      const next = page.locator('a[rel=next]');
      if ((await next.count()) === 0) break;
      await next.click();
    }
    const still = site.store.monitor.held().count;
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen).toHaveLength(still);
    await page.close();
  });

  test('an operator dismisses two held images with a reason, by name', async () => {
    const { page } = await open('/held');
    const boxes = page.locator('input[type=checkbox]');
    const chosen = [await boxes.nth(10).getAttribute('value'), await boxes.nth(11).getAttribute('value')];
    await boxes.nth(10).check();
    await boxes.nth(11).check();
    await page.selectOption('#why', 'looked-other-view');
    await page.fill('#operator', 'Ada Fictional');
    await page.click('button.second');
    expect(await page.locator('[role=status]').textContent()).toContain('Dismissed');
    for (const id of chosen) {
      expect(site.store.inbox.instance(id ?? '')).toMatchObject({
        disposition: 'skipped',
        reasons: [{ code: 'S16' }],
      });
      const [row] = site.store.auditQuery.query({
        instanceId: id ?? '',
        event: 'OPERATOR_DISMISSED',
        limit: 1,
      }).rows;
      expect(row?.fields).toMatchObject({
        operator: 'Ada Fictional (console)',
        detail: 'looked at it: another view',
      });
    }
    await page.close();
  });

  test('an operator releases an image from its page and is led back to it', async () => {
    const id = day.held[30] ?? '';
    const { page } = await open(`/images/${id}`);
    await page.selectOption('#why', 'looked-lateral');
    await page.fill('#operator', 'Ada Fictional');
    await page.click('text=Release for analysis');
    expect(page.url()).toContain(`/images/${id}`);
    expect(await page.locator('[role=status]').textContent()).toContain('Released');
    expect(site.store.inbox.instance(id)?.disposition).toBe('pending');
    await page.close();
  });

  test('a reader says what he thinks, and it stands beside the result', async () => {
    const { page } = await open('/images/ID');
    await page.check('input[value=disagree]');
    await page.selectOption('#class', 'dls');
    await page.fill('#comment', '<b>slip at one level</b>');
    await page.fill('#reader', 'Ada Fictional');
    await page.click('text=Keep this');
    expect(await page.locator('[role=status]').textContent()).toContain('Kept');
    expect(site.store.feedback.of(day.analysed[0] ?? '')).toMatchObject([
      {
        judgement: 'disagree',
        readerClass: 'dls',
        comment: '<b>slip at one level</b>',
        operator: 'Ada Fictional (console)',
      },
    ]);
    expect(await page.locator('td b').count()).toBe(0);
    await page.close();
  });
});
