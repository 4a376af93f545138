import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/** An Application Entity title that has passed `parseAeTitle`; leading and trailing spaces are already gone. */
export type AeTitle = string & { readonly __brand: 'AeTitle' };

/**
 * Checks an AE title by PS3.5 6.2 (VR AE) and PS3.8 9.3.2: 1 to 16 printable ASCII characters without backslash
 * after the insignificant leading and trailing spaces are removed. Error: CONFIG_INVALID.
 */
export function parseAeTitle(text: string): Result<AeTitle, NodeError> {
  const trimmed = text.replace(/^ +| +$/g, '');
  if (!/^[\x20-\x5b\x5d-\x7e]{1,16}$/.test(trimmed)) {
    return err(
      new NodeError('CONFIG_INVALID', 'an AE title has 1 to 16 printable ASCII characters and no backslash'),
    );
  }
  return ok(trimmed as AeTitle);
}
