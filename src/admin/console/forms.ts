import { html, raw } from 'hono/html';
import { type Html, nothing } from './parts.ts';
import type { GivenFeedback, ImageFile } from './ports.ts';

/** Why an operator decides about a held image: a closed list, so that no patient's data gets into the audit trail. */
export const decisionReasons = {
  'looked-lateral': 'looked at it: a lateral lumbar spine',
  'looked-other-view': 'looked at it: another view',
  'looked-other-region': 'looked at it: another part of the body',
  'spot-or-stitched': 'a spot view or a stitched image',
  'test-image': 'a test or quality-control image',
  'not-needed': 'a result is not needed any more',
} as const;

export type DecisionReason = keyof typeof decisionReasons;

export function isDecisionReason(text: string): text is DecisionReason {
  return Object.hasOwn(decisionReasons, text);
}

/** A name that may stand in the audit trail: 2 to 64 printable characters. */
export function operatorName(text: string): string | undefined {
  const name = text.trim();
  return /^[\p{L}\p{N}][\p{L}\p{N}\p{M} .,'_-]{1,63}$/u.test(name) ? name : undefined;
}

/** What each form proves its origin for. */
export const purposes = { decide: 'decide', feedback: 'feedback' } as const;

export interface DecisionForm {
  /** The images it is about; empty when they are ticked in a table of the same form. */
  readonly ids: readonly string[];
  readonly token: string;
  readonly back: 'image' | 'held';
}

/** Release or dismiss, as a form of its own for one image. */
export function decisionForm(form: DecisionForm): Html {
  return html`<form class="act" method="post" action="/held/release">
${form.ids.map((id) => html`<input type="hidden" name="id" value="${id}">`)}
${decisionFields(form)}
</form>`;
}

/** The fields of a decision, for a form that brings its own images. */
export function decisionFields({ token, back }: Pick<DecisionForm, 'token' | 'back'>): Html {
  return html`<fieldset><legend>Decide</legend>
<input type="hidden" name="token" value="${token}"><input type="hidden" name="back" value="${back}">
<p><label for="why">Because</label><select id="why" name="why" required>
<option value="">choose</option>${Object.entries(decisionReasons).map(([value, text]) => html`<option value="${value}">${text}</option>`)}</select></p>
<p><label for="operator">Your name</label><input id="operator" name="operator" required minlength="2" maxlength="64" autocomplete="name"></p>
<p class="buttons"><button type="submit" formaction="/held/release">Release for analysis</button>
<button type="submit" class="second" formaction="/held/dismiss">Dismiss</button></p>
<p class="quiet">Release has it analysed although its view could not be told. Dismiss ends it as skipped (S16). Both are audited with your name.</p>
</fieldset>`;
}

const judgements: readonly (readonly [GivenFeedback['judgement'], string])[] = [
  ['agree', 'I agree'],
  ['disagree', 'I do not agree'],
  ['unsure', 'I am not sure'],
];

export function feedbackForm({ instanceId, classes }: ImageFile, token: string): Html {
  return html`<form class="act" method="post" action="/images/${instanceId}/feedback">
<fieldset><legend>What does a reader say?</legend>
<input type="hidden" name="token" value="${token}">
<div class="row" role="radiogroup" aria-label="Judgement">${judgements.map(
    ([value, label], index) =>
      html`<label class="choice"><input type="radio" name="judgement" value="${value}" ${index === 0 ? raw('required') : nothing}> ${label}</label>`,
  )}</div>
${
  classes.length === 0
    ? nothing
    : html`<p><label for="class">The reader's own class</label><select id="class" name="class"><option value="">not said</option>${classes.map(({ id, label }) => html`<option value="${id}">${label}</option>`)}</select></p>`
}
<p><label for="comment">Comment, without patient data</label><input id="comment" name="comment" maxlength="500" autocomplete="off"></p>
<p><label for="reader">Your name</label><input id="reader" name="operator" required minlength="2" maxlength="64" autocomplete="name"></p>
<p class="buttons"><button type="submit">Keep this</button></p>
<p class="quiet">Kept beside the result for later evaluation. It changes nothing in the PACS.</p>
</fieldset></form>`;
}
