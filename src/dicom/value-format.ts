import { NodeError } from '../core/errors.ts';

/**
 * Checks and spells values as PS3.5 Table 6.2-1 demands. Everything here throws RESULT_INVALID instead of
 * truncating: a writer that shortens a value silently stores another value.
 */

const controlInText = /[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]/;
const controlInString = /[\x00-\x1a\x1c-\x1f\x7f\\]/;

interface TextRule {
  readonly maxCharacters: number;
  readonly forbidden: RegExp;
}

const textRules: ReadonlyMap<string, TextRule> = new Map([
  ['SH', { maxCharacters: 16, forbidden: controlInString }],
  ['LO', { maxCharacters: 64, forbidden: controlInString }],
  ['UC', { maxCharacters: 0xfffffffe, forbidden: controlInString }],
  ['ST', { maxCharacters: 1024, forbidden: controlInText }],
  ['LT', { maxCharacters: 10_240, forbidden: controlInText }],
  ['UT', { maxCharacters: 0xfffffffe, forbidden: controlInText }],
]);

const patternRules: ReadonlyMap<string, RegExp> = new Map([
  ['AE', /^[\x20-\x5b\x5d-\x7e]{1,16}$/],
  ['AS', /^\d{3}[DWMY]$/],
  ['CS', /^[A-Z0-9 _]{1,16}$/],
  ['DA', /^\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])$/],
  ['TM', /^([01]\d|2[0-3])([0-5]\d(([0-5]\d|60)(\.\d{1,6})?)?)?$/],
  [
    'DT',
    /^\d{4}((0[1-9]|1[0-2])((0[1-9]|[12]\d|3[01])(([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?)?)?)?([+-]\d{4})?$/,
  ],
  // UIDs are copied from images, and a few devices make components with leading zeros, which PS3.5 9.1 forbids: quoted as
  // they are, because another spelling is another UID. Those made here come from uid.ts and are legal.
  ['UI', /^(?=.{1,64}$)\d+(\.\d+)*$/],
  ['UR', /^[^\x00-\x20\\\x7f]+$/],
]);

/** The value as it is to be encoded. `attribute` names it in the error; the value itself never appears there. */
export function formatValue(vr: string, value: string | number, attribute: string): string {
  if (vr === 'DS')
    return typeof value === 'number'
      ? formatDecimalString(value, attribute)
      : checkedDecimal(value, attribute);
  if (vr === 'IS') return formatIntegerString(value, attribute);
  if (typeof value !== 'string') throw invalid(attribute, `${vr} takes text, not a number`);
  if (value === '') return value;
  if (vr === 'PN') return checkedPersonName(value, attribute);
  const rule = textRules.get(vr);
  if (rule !== undefined) {
    if (Array.from(value).length > rule.maxCharacters)
      throw invalid(attribute, `${vr} is longer than ${rule.maxCharacters} characters`);
    if (rule.forbidden.test(value))
      throw invalid(attribute, `${vr} contains a character that PS3.5 6.2 forbids`);
    return value;
  }
  const pattern = patternRules.get(vr);
  if (pattern === undefined) throw invalid(attribute, `${vr} cannot be written from text`);
  if (!pattern.test(value)) throw invalid(attribute, `not a valid ${vr}`);
  return value;
}

/**
 * A number as DS: at most 16 characters (PS3.5 6.2), the shortest text that reads back to the same number where
 * one fits, else rounded to as many digits as fit. Throws RESULT_INVALID for NaN and infinities.
 */
export function formatDecimalString(value: number, attribute = 'DS'): string {
  if (!Number.isFinite(value)) throw invalid(attribute, 'DS must be a finite number');
  if (Object.is(value, -0)) return '0';
  const shortest = String(value);
  if (shortest.length <= 16) return shortest;
  for (let digits = 16; digits > 0; digits--) {
    const rounded = Number(value.toPrecision(digits));
    const fitting = [String(rounded), rounded.toExponential()].find((text) => text.length <= 16);
    if (fitting !== undefined) return fitting;
  }
  throw invalid(attribute, 'DS does not fit 16 characters');
}

function checkedDecimal(value: string, attribute: string): string {
  if (value === '' || (value.length <= 16 && /^ *[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)? *$/.test(value)))
    return value;
  throw invalid(attribute, 'not a valid DS of at most 16 characters');
}

function formatIntegerString(value: string | number, attribute: string): string {
  if (value === '') return value;
  const isInteger = typeof value === 'number' ? Number.isInteger(value) : /^[+-]?\d{1,11}$/.test(value);
  const number = Number(value);
  if (!isInteger || number < -(2 ** 31) || number > 2 ** 31 - 1)
    throw invalid(attribute, 'IS must be a 32-bit integer');
  return typeof value === 'number' ? String(number) : value;
}

function checkedPersonName(value: string, attribute: string): string {
  const groups = value.split('=');
  if (groups.length > 3) throw invalid(attribute, 'PN has more than three component groups');
  for (const group of groups) {
    if (Array.from(group).length > 64)
      throw invalid(attribute, 'a PN component group is longer than 64 characters');
    if (group.split('^').length > 5)
      throw invalid(attribute, 'a PN component group has more than five components');
  }
  if (controlInString.test(value)) throw invalid(attribute, 'PN contains a character that PS3.5 6.2 forbids');
  return value;
}

/** RESULT_INVALID about one attribute; `fault` must not contain the value, since it is logged. */
export function invalid(attribute: string, fault: string): NodeError {
  return new NodeError('RESULT_INVALID', `${attribute}: ${fault}`);
}
