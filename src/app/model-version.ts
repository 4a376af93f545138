import { NodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';

/**
 * Below zero when `a` is older than `b`. Numbers between dots are compared as numbers; a release is newer than its
 * pre-releases (`1.2.0` after `1.2.0-rc.1`), as in semantic versioning.
 */
export function compareVersions(a: string, b: string): number {
  const [coreA, preA] = split(a);
  const [coreB, preB] = split(b);
  const core = compareParts(coreA, coreB);
  if (core !== 0) return core;
  if (preA === undefined || preB === undefined)
    return Number(preB !== undefined) - Number(preA !== undefined);
  return compareParts(preA, preB);
}

function split(version: string): [string, string | undefined] {
  const [text = ''] = version.split('+');
  const dash = text.indexOf('-');
  return dash < 0 ? [text, undefined] : [text.slice(0, dash), text.slice(dash + 1)];
}

function compareParts(a: string, b: string): number {
  const partsA = a.split('.');
  const partsB = b.split('.');
  for (let index = 0; index < Math.max(partsA.length, partsB.length); index++) {
    const [x = '0', y = '0'] = [partsA[index], partsB[index]];
    const areNumbers = /^\d+$/.test(x) && /^\d+$/.test(y);
    const difference = areNumbers ? Number(x) - Number(y) : x < y ? -1 : x > y ? 1 : 0;
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Key in the settings table: the version of this model below which none may run. */
export function newestVersionSetting(modelId: string): string {
  return `model.newest.${modelId}`;
}

/** MODEL_ROLLBACK for a version older than the newest that ever ran here, unless the site allows going back. */
export function refuseRollback(
  version: string,
  newest: string | undefined,
  allowRollback: boolean,
): Result<undefined, NodeError> {
  if (allowRollback || newest === undefined || compareVersions(version, newest) >= 0) return ok(undefined);
  return err(
    new NodeError(
      'MODEL_ROLLBACK',
      `version ${version} is older than ${newest}, which has run here; go back on purpose with "model rollback", or set model.allowRollback`,
    ),
  );
}
