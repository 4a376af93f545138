import type { ModelConfig } from '../core/config/index.ts';
import type { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import type { ModelTrust } from '../pipeline/model-package.ts';
import { readPublicKey } from '../pipeline/model-signature.ts';

/** Whose signature a package must carry; undefined when the site asks for none. MODEL_SIGNATURE for a key that is none. */
export function modelTrust(model: ModelConfig): Result<ModelTrust | undefined, NodeError> {
  if (model.signature === 'off' || model.publicKey === undefined) return ok(undefined);
  const publicKey = readPublicKey(model.publicKey);
  return publicKey.ok ? ok({ publicKey: publicKey.value }) : err(publicKey.error);
}
