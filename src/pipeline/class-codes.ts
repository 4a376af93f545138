import { z } from 'zod';
import { err, ok, type Result } from '../core/result.ts';
import type { CodedConcept } from './result-input.ts';

const meanings = z.looseObject({ en: z.string().min(1).max(64) }).catchall(z.string().min(1).max(64));

/** Code Value is SH: 16 characters; longer codes need Long Code Value, which old archives drop (PS3.3 8.8). */
const code = z.strictObject({
  value: z.string().regex(/^[!-~]{1,16}$/, 'a code value has 1 to 16 printable ASCII characters'),
  scheme: z.string().regex(/^[!-~]{1,16}$/, 'a scheme designator has 1 to 16 printable ASCII characters'),
  meaning: meanings,
});

/** The shape of `config/codes.yaml`: class id of the model manifest -> code and name in each language. */
export const classCodesSchema = z.strictObject({
  private_scheme: z.strictObject({
    designator: z.string().regex(/^99[A-Z0-9_]{1,14}$/, 'a private scheme starts with 99 (PS3.16 8)'),
    name: z.string().min(1).max(1024),
    responsible_organization: z.string().min(1).max(1024),
  }),
  procedure_reported: code,
  finding_site: code,
  classes: z.record(z.string(), z.strictObject({ code, name: meanings })),
});

export type ClassCodes = z.infer<typeof classCodesSchema>;
type ConfiguredCode = z.infer<typeof code>;

export interface ClassCodesFault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** Checks a parsed `codes.yaml`. */
export function parseClassCodes(value: unknown): Result<ClassCodes, readonly ClassCodesFault[]> {
  const parsed = classCodesSchema.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  return err(
    parsed.error.issues.map((issue) => ({
      path: issue.path.filter((part) => typeof part !== 'symbol'),
      message: issue.message,
    })),
  );
}

/** The configured code with its meaning in the language, or in English when that language is not given. */
export function configuredCode(entry: ConfiguredCode, language: string): CodedConcept {
  return { value: entry.value, scheme: entry.scheme, meaning: entry.meaning[language] ?? entry.meaning.en };
}

/** What a class is coded as: the configured code, or the private scheme with the model's id and label. */
export function classCode(
  codes: ClassCodes,
  entry: { id: string; label: string },
  language: string,
): CodedConcept {
  const configured = codes.classes[entry.id];
  if (configured !== undefined) return configuredCode(configured.code, language);
  const value = entry.id.replaceAll(/[^!-~]/g, '_').slice(0, 16);
  return { value, scheme: codes.private_scheme.designator, meaning: entry.label.slice(0, 64) };
}

/** What a sentence calls the class. */
export function className(codes: ClassCodes, entry: { id: string; label: string }, language: string): string {
  const name = codes.classes[entry.id]?.name;
  return name?.[language] ?? name?.en ?? entry.label;
}
