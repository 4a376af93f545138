import { entryOfTag } from './dictionary.ts';

const shortLengthVrs: ReadonlySet<string> = new Set(
  'AE AS AT CS DA DS DT FL FD IS LO LT PN SH SL SS ST TM UI UL US'.split(' '),
);

const characterSetVrs: ReadonlySet<string> = new Set(['SH', 'LO', 'ST', 'LT', 'UC', 'UT', 'PN']);

/** True for VRs whose explicit form has a 16-bit length (PS3.5 7.1.2); every other, known or new, has 32 bits. */
export function hasShortLength(vr: string): boolean {
  return shortLengthVrs.has(vr);
}

/** True for VRs whose text is encoded by Specific Character Set (PS3.5 6.1.2.2). */
export function usesCharacterSet(vr: string): boolean {
  return characterSetVrs.has(vr);
}

/**
 * The VR of an element in Implicit VR (PS3.5 7.1.3): the dictionary decides; a private or unknown element is UN, or
 * a sequence when its length is undefined, since nothing else may be.
 */
export function implicitVr(tag: number, length: 'defined' | 'undefined'): string {
  const element = tag & 0xffff;
  if (element === 0) return 'UL';
  const isPrivate = (tag >>> 16) % 2 === 1;
  if (isPrivate && element >= 0x10 && element <= 0xff) return 'LO';
  const vr = (isPrivate ? undefined : entryOfTag(tag)?.vr) ?? 'UN';
  return vr === 'UN' && length === 'undefined' ? 'SQ' : vr;
}
