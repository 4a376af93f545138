import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { peer } from '../../support/peer.ts';
import { reports } from './produced-objects.ts';

const dsr2html = peer('dsr2html');
const browserPath = peer('chromium');
const available = dsr2html !== undefined && browserPath !== undefined;

/** Runs in the page: lower edge of the first text that starts with the verdict, or -1. */
const bottomOfVerdict = `(() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    if (!walker.currentNode.data.trim().startsWith('AI: ')) continue;
    const range = document.createRange();
    range.selectNodeContents(walker.currentNode);
    return range.getBoundingClientRect().bottom;
  }
  return -1;
})()`;

describe.skipIf(!available)('a report shown by dsr2html, as many simple viewers do', () => {
  let folder = '';
  let browser: Browser | undefined;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'dsr2html-'));
    browser = await chromium.launch({ executablePath: browserPath!, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(reports())(
    'has the verdict of $name inside the first 1000 pixels',
    async ({ name, bytes }) => {
      const file = join(folder, `${name}.dcm`);
      const html = join(folder, `${name}.html`);
      writeFileSync(file, bytes);
      const { status } = spawnSync(dsr2html!, ['+U8', file, html], { encoding: 'utf8' });
      expect(status).toBe(0);
      const page = await browser!.newPage({ viewport: { width: 900, height: 1000 } });
      await page.goto(pathToFileURL(html).href);
      const bottom: unknown = await page.evaluate(bottomOfVerdict);
      await page.close();
      expect(bottom).toBeGreaterThan(0);
      expect(bottom).toBeLessThan(1000);
    },
    15_000,
  );
});
