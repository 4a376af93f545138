import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ConsoleEnvironment } from './access.ts';
import type { FormTokens } from './form-token.ts';
import { decisionReasons, isDecisionReason, operatorName, purposes } from './forms.ts';
import { sentencePage } from './found-page.ts';
import { page } from './page.ts';
import type { ConsolePorts, GivenFeedback } from './ports.ts';

const maxBodyBytes = 64 * 1024;
const mostAtOnce = 200;

/** The few forms that change something: release, dismiss, feedback. Each proves where it comes from. */
export function formRoutes(ports: ConsolePorts, tokens: FormTokens): Hono<ConsoleEnvironment> {
  const routes = new Hono<ConsoleEnvironment>();
  const refuse = (context: Context, sentence: string, status: 400 | 403 | 404) =>
    context.html(page(ports.site, sentencePage('Nothing was changed', sentence)), status);
  const isForeign = (context: Context, purpose: string, form: URLSearchParams): boolean =>
    !isOwnOrigin(context) || !tokens.accepts(purpose, form.get('token') ?? '');
  const foreignSentence =
    'The page was too old or the form did not come from it. Go back, renew the page and try again.';

  routes.use(
    '*',
    bodyLimit({
      maxSize: maxBodyBytes,
      onError: (context) => context.text('This form is too large.\n', 413),
    }),
  );

  for (const act of ['release', 'dismiss'] as const)
    routes.post(`/held/${act}`, async (context) => {
      const form = new URLSearchParams(await context.req.text());
      if (isForeign(context, purposes.decide, form)) return refuse(context, foreignSentence, 403);
      const ids = [...new Set(form.getAll('id'))].slice(0, mostAtOnce);
      const why = form.get('why') ?? '';
      const operator = operatorName(form.get('operator') ?? '');
      if (ids.length === 0) return refuse(context, 'No image was chosen.', 400);
      if (!isDecisionReason(why)) return refuse(context, 'A reason is needed.', 400);
      if (operator === undefined) return refuse(context, 'Your name is needed: 2 to 64 letters.', 400);
      const decision = { operator, why: decisionReasons[why] };
      const ends = ids.map((id) =>
        act === 'release' ? ports.release(id, decision) : ports.dismiss(id, decision),
      );
      const said = ends.every((end) => end === 'done')
        ? `${act}${act === 'release' ? 'd' : 'ed'}`
        : 'changed';
      const [first] = ids;
      const back = form.get('back') === 'image' && first !== undefined && /^[0-9A-Z]{26}$/.test(first);
      return context.redirect(back ? `/images/${first}?said=${said}` : `/held?said=${said}`, 303);
    });

  routes.post('/images/:id/feedback', async (context) => {
    const form = new URLSearchParams(await context.req.text());
    if (isForeign(context, purposes.feedback, form)) return refuse(context, foreignSentence, 403);
    const instanceId = context.req.param('id');
    const judgement = readJudgement(form.get('judgement'));
    const operator = operatorName(form.get('operator') ?? '');
    if (judgement === undefined) return refuse(context, 'A judgement is needed.', 400);
    if (operator === undefined) return refuse(context, 'Your name is needed: 2 to 64 letters.', 400);
    const image = ports.image(instanceId);
    const readerClass = image?.classes.find(({ id }) => id === form.get('class'))?.id;
    const comment = (form.get('comment') ?? '').trim().slice(0, 500);
    const end = ports.giveFeedback({
      instanceId,
      judgement,
      operator,
      ...(readerClass === undefined ? {} : { readerClass }),
      ...(comment === '' ? {} : { comment }),
    });
    if (end === 'not-found') return refuse(context, 'There is no such image.', 404);
    return context.redirect(`/images/${instanceId}?said=kept`, 303);
  });
  return routes;
}

/** Browsers say where a form was sent from; one that does not say is no browser of ours. */
function isOwnOrigin(context: Context): boolean {
  if (context.req.header('sec-fetch-site') === 'same-origin') return true;
  const origin = context.req.header('origin');
  return origin !== undefined && URL.canParse(origin) && new URL(origin).host === context.req.header('host');
}

function readJudgement(text: string | null): GivenFeedback['judgement'] | undefined {
  return text === 'agree' || text === 'disagree' || text === 'unsure' ? text : undefined;
}
