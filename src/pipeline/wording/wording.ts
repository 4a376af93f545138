import { z } from 'zod';
import { type ReasonCode, reasonCatalogue } from '../../core/reasons.ts';
import { err, ok, type Result } from '../../core/result.ts';

/** A sentence whose `{placeholders}` must be exactly the given ones; `{Finding}` is `{finding}` with a capital. */
function sentence(...placeholders: readonly string[]) {
  return z
    .string()
    .min(1)
    .superRefine((text, context) => {
      const found = [...text.matchAll(/\{([^}]*)\}/g)].map((match) => match[1] ?? '');
      for (const name of found) {
        if (!placeholders.includes(name)) {
          context.addIssue({
            code: 'custom',
            message: `unknown placeholder {${name}}; known: ${list(placeholders)}`,
          });
        }
      }
      for (const name of placeholders) {
        if (!found.includes(name))
          context.addIssue({ code: 'custom', message: `the placeholder {${name}} is missing` });
      }
    });
}

function list(placeholders: readonly string[]): string {
  return placeholders.length === 0 ? 'none' : placeholders.map((name) => `{${name}}`).join(', ');
}

const code = z.strictObject({
  value: z.string().min(1).max(16),
  scheme: z.string().min(1).max(16),
  meaning: z.string().min(1).max(64),
});

const calibratedOrNot = (...placeholders: readonly string[]) =>
  z.strictObject({ probability: sentence(...placeholders), score: sentence(...placeholders) });

/**
 * The shape of `config/wording/<language>.yaml`: every sentence that a radiologist reads, with its placeholders.
 * The prefix `AI: ` and the order of the sentences are the program's, so that no translation can lose them.
 */
export const wordingSchema = z.strictObject({
  language: code,
  country: code,
  list_separator: sentence(),
  verdict: z.strictObject({
    suspected: sentence('findings'),
    not_detected: sentence('findings'),
    indeterminate: sentence(),
    no_result: sentence(),
    failed: sentence(),
  }),
  detail: z.strictObject({
    suspected: calibratedOrNot('value', 'threshold'),
    other_finding: sentence('Finding', 'value'),
    not_detected: calibratedOrNot('value', 'threshold'),
    does_not_exclude: sentence(),
    indeterminate: calibratedOrNot('value', 'finding', 'from', 'to'),
    no_result: sentence('code', 'reason'),
    failed: sentence('code', 'reason'),
    site_evidence: sentence('confirmed', 'total'),
  }),
  closing: sentence(),
  unverified: sentence(),
  simulated: sentence(),
  summary: z.strictObject({
    single: sentence('verdict', 'detail'),
    several: sentence('verdict', 'counts'),
    images_with_finding: sentence('count', 'total'),
    images_without_result: sentence('count', 'total'),
    image: sentence('number', 'source', 'verdict', 'detail'),
  }),
  comment: z.strictObject({
    decision: sentence('basis'),
    class_threshold: sentence('finding', 'threshold'),
    class_threshold_band: sentence('finding', 'threshold', 'from', 'to'),
    limits: sentence(),
    training: sentence('statement'),
    reason: sentence('number', 'code', 'reason', 'detail'),
  }),
  source: z.strictObject({
    series_and_image: sentence('series', 'image'),
    series: sentence('series'),
    image: sentence('image'),
    none: sentence(),
  }),
  view: z.strictObject({
    lateral: sentence(),
    left_lateral: sentence(),
    right_lateral: sentence(),
    unknown: sentence(),
    FLEXION: sentence(),
    EXTENSION: sentence(),
    NEUTRAL: sentence(),
  }),
  capture: z.strictObject({
    original: sentence(),
    original_auto_window: sentence(),
    with_map: sentence('finding'),
    with_map_of_absent: sentence('finding'),
    map_not_focal: sentence(),
    low: sentence(),
    high: sentence(),
    line: sentence(),
    grid: sentence('columns', 'rows'),
    map_meaning: sentence(),
    research: sentence(),
    simulated: sentence(),
    source: sentence('source'),
    model: sentence('name', 'version', 'hash'),
  }),
  reasons: z.partialRecord(
    z.enum(Object.keys(reasonCatalogue) as [ReasonCode, ...ReasonCode[]]),
    z.string().min(1),
  ),
});

export type Wording = z.infer<typeof wordingSchema>;

/** One fault of a wording file: where (`detail.suspected.score`) and what. */
export interface WordingFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Checks a parsed wording file: every sentence present, every placeholder known and used, nothing extra. */
export function parseWording(value: unknown): Result<Wording, readonly WordingFault[]> {
  const parsed = wordingSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues.map((issue) => ({
      path: issue.path.filter((part) => typeof part !== 'symbol'),
      message: issue.message,
    })),
  );
}

/** Puts values into a sentence. Placeholders without a value stay visible, which the tests forbid. */
export function fill(text: string, values: Readonly<Record<string, string | number>>): string {
  return text.replaceAll(/\{([^}]*)\}/g, (whole, name: string) => {
    const direct = values[name];
    if (direct !== undefined) return String(direct);
    const lower = values[name.charAt(0).toLowerCase() + name.slice(1)];
    return lower === undefined ? whole : capitalised(String(lower));
  });
}

function capitalised(text: string): string {
  const first = Array.from(text)[0] ?? '';
  return first.toLocaleUpperCase('en') + text.slice(first.length);
}
