import { describe, expect, test } from 'vitest';
import { reportPlots } from '../../../src/evaluation/report/curve-sections.ts';
import { reportPage } from '../../../src/evaluation/report/page.ts';
import { evaluateRows, type FixtureRow, modelFixture } from './evaluation-fixture.ts';

const rows: readonly FixtureRow[] = [
  { label: 'normal', answer: [0.9, 0.05, 0.05], columns: { site: '<b>one</b>' } },
  { label: 'normal', answer: [0.3, 0.1, 0.6], columns: { site: '<b>one</b>' } },
  { label: 'spondylolysis', answer: [0.1, 0.8, 0.1], columns: { site: 'two' } },
  { label: 'dls', answer: [0.1, 0.2, 0.7], columns: { site: 'two' } },
];

async function page(
  model = modelFixture,
  list: { file: string; sha256: string; images: number } = { file: 'labels.csv', sha256: '0', images: 4 },
): Promise<string> {
  const { evaluation, cases } = await evaluateRows(rows, model, { groupColumns: ['site'], list });
  return reportPage(
    evaluation,
    reportPlots(evaluation),
    cases.slice(1, 2).map((entry) => ({ entry, kind: 'false alarm', jpeg: undefined })),
  );
}

describe('report.html', () => {
  test('is one file without script or request, with everything from the data escaped', async () => {
    const html = await page();
    expect(html).not.toMatch(/<script|<link|<iframe|@import|url\(|https?:\/\/(?!www\.w3\.org\/2000\/svg)/i);
    expect(html).toContain("default-src 'none'");
    expect(html).not.toContain('<b>one');
    expect(html).toContain('&#60;b&#62;one');
  });
  test('has accessible tables, and every link leads to a place on the page', async () => {
    const html = await page();
    const tables = html.split('<table>').slice(1);
    expect(tables.length).toBeGreaterThan(10);
    for (const table of tables) {
      expect(table).toMatch(/^<caption>[^<]+<\/caption>/);
      expect(table).toContain('scope="col"');
      expect(table).toContain('scope="row"');
    }
    const ids = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const links = [...html.matchAll(/href="#([^"]+)"/g)].map(([, id]) => id);
    expect(links.filter((id) => !ids.has(id))).toEqual([]);
    for (const name of ['precision', 'sensitivity', 'mcc', 'ece', 'kappa', 'pointing-game', 'auc-delong'])
      expect(ids).toContain(`def-${name}`);
    for (const [, svg] of html.matchAll(/<svg ([^>]*)>/g)) expect(svg).toMatch(/role="img" aria-label=".+"/);
  });
  test('says first when figures are simulated, on the page and on every chart', async () => {
    const simulated = { ...modelFixture, simulated: true };
    const html = await page(simulated);
    expect(html.indexOf('SIMULATED: the model was trained')).toBeLessThan(html.indexOf('<h2'));
    expect(html.match(/<footer>(.*)<\/footer>/)?.[1]).toContain('not clinical');
    const { evaluation } = await evaluateRows(rows, simulated);
    for (const { svg } of reportPlots(evaluation)) expect(svg).toContain('Simulated images');
    expect(await page()).not.toContain('SIMULATED');
  });
  test('says first when limits are missed or the run was stopped', async () => {
    const html = await page(
      { ...modelFixture, acceptance: { accuracy: 0.99 } },
      { file: 'labels.csv', sha256: '0', images: 10 },
    );
    const top = html.slice(0, html.indexOf('<nav'));
    expect(top).toContain('1 of 1 acceptance limits are NOT met: accuracy.');
    expect(top).toContain('Stopped early: 4 of 10 images.');
  });
  test('is the same to the byte for the same input', async () => expect(await page()).toBe(await page()));
});
