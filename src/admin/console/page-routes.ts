import { type Context, Hono } from 'hono';
import type { ConsoleEnvironment } from './access.ts';
import { auditPage } from './audit-page.ts';
import type { FormTokens } from './form-token.ts';
import { purposes } from './forms.ts';
import { foundPage, neverSeenPage, sentencePage } from './found-page.ts';
import { heldPage } from './held-page.ts';
import { imagePage } from './image-page.ts';
import { imagesPage } from './images-page.ts';
import { modelPage } from './model-page.ts';
import { type Page, page } from './page.ts';
import type { ConsolePorts } from './ports.ts';
import { queuePage } from './queue-page.ts';
import { readAuditForm, readImageForm, readPlace } from './query-forms.ts';
import { sendersPage } from './senders-page.ts';
import { statusPage } from './status-page.ts';

const rowsPerPage = 50;
const alertsShown = 10;

/** What a form has done, said on the page that follows; the address carries the key, never the words. */
const said: Readonly<Record<string, string>> = {
  released: 'Released: it is analysed next.',
  dismissed: 'Dismissed: it ends as skipped.',
  kept: 'Kept. Thank you.',
  changed: 'Some of them were not held any more and were left alone.',
};

/** The pages for people, all by GET. */
export function pageRoutes(ports: ConsolePorts, tokens: FormTokens): Hono<ConsoleEnvironment> {
  const routes = new Hono<ConsoleEnvironment>();
  const { time } = ports;
  const show = (context: Context, content: Page, status: 200 | 404 = 200) =>
    context.html(page(ports.site, content), status);
  const saying = (context: Context): string => said[context.req.query('said') ?? ''] ?? '';

  routes.get('/', async (context) =>
    show(
      context,
      statusPage({
        facts: await ports.status(),
        readings: ports.readings(),
        alerts: ports.alerts(alertsShown),
        time,
        refresh: context.req.query('refresh') === 'off' ? 'off' : 'on',
      }),
    ),
  );

  routes.get('/images', (context) => {
    const { form, query, faults } = readImageForm((name) => context.req.query(name), time, rowsPerPage);
    const found = faults.length === 0 ? ports.images(query) : { rows: [] };
    return show(
      context,
      imagesPage({ form, faults, found, senders: ports.senders(), time, nowMs: ports.nowMs() }),
    );
  });

  routes.get('/images/:id', (context) => {
    const id = context.req.param('id');
    const image = ports.image(id);
    const found = image === undefined ? undefined : ports.find(id);
    const explanation = found !== undefined && 'explanations' in found ? found.explanations[0] : undefined;
    if (image === undefined || explanation === undefined)
      return show(
        context,
        sentencePage(
          'Not here',
          'There is no image with this id. It may have been removed by its retention rule.',
        ),
        404,
      );
    return show(
      context,
      imagePage({
        image,
        explanation,
        time,
        nowMs: ports.nowMs(),
        token: tokens.issue(image.disposition === 'held' ? purposes.decide : purposes.feedback),
        said: saying(context),
      }),
    );
  });

  for (const what of ['capture', 'source'] as const)
    routes.get(`/images/:id/${what}.png`, async (context) => {
      const png = await ports.picture(context.req.param('id'), what);
      if (png === undefined) return context.text('There is no such picture.\n', 404);
      return context.body(new Uint8Array(png), 200, { 'Content-Type': 'image/png' });
    });

  routes.get('/held', (context) => {
    const held = ports.held(readPlace(context.req.query('after')), rowsPerPage);
    const token = tokens.issue(purposes.decide);
    return show(context, heldPage({ held, time, nowMs: ports.nowMs(), token, said: saying(context) }));
  });

  routes.get('/queue', async (context) =>
    show(
      context,
      queuePage({
        destinations: (await ports.status()).destinations,
        unfinished: ports.unfinished(200),
        time,
        nowMs: ports.nowMs(),
      }),
    ),
  );

  routes.get('/senders', (context) =>
    show(
      context,
      sendersPage({ senders: ports.senderRows(), drift: ports.drift(), time, nowMs: ports.nowMs() }),
    ),
  );

  routes.get('/model', (context) => show(context, modelPage(ports.model(), time, ports.nowMs())));

  routes.get('/model/evaluation', (context) => {
    const report = ports.evaluationReport();
    if (report === undefined)
      return show(context, sentencePage('No report', 'The model package brings no evaluation report.'), 404);
    // A document from a package is a guest: no script, no form, no network, not even our own origin.
    context.header(
      'Content-Security-Policy',
      "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:",
    );
    return context.html(report);
  });

  routes.get('/audit', (context) => {
    const { form, query, faults } = readAuditForm((name) => context.req.query(name), time, rowsPerPage);
    const found = faults.length === 0 ? ports.audit(query) : { rows: [] };
    return show(
      context,
      auditPage({
        form,
        faults,
        found,
        senders: ports.senders(),
        destinations: ports.site.destinations,
        time,
      }),
    );
  });

  routes.get('/find', (context) => {
    const what = (context.req.query('q') ?? '').trim().slice(0, 100);
    if (what === '') return context.redirect('/');
    const found = ports.find(what);
    if ('sentence' in found) return show(context, neverSeenPage(found), 404);
    const [only, ...others] = found.explanations;
    const wanted = only?.images.find(({ sopInstanceUid }) => sopInstanceUid === found.sopInstanceUid);
    if (others.length === 0 && wanted !== undefined) return context.redirect(`/images/${wanted.instanceId}`);
    return show(context, foundPage(found.explanations));
  });
  return routes;
}
