import { reprocessText } from '../admin/reprocess/reprocess-text.ts';
import { ok } from '../core/result.ts';
import type { ExplainedImage } from '../store/explain.ts';
import { type Books, withBooks } from './books.ts';
import { operatorName } from './operator.ts';
import { imageTarget, type ImageTarget, type WrittenTarget } from './reprocess-target.ts';
import { exitCodes } from './restart-policy.ts';
import type { VerbAnswer } from './verb-answer.ts';
import { withWritableBooks } from './writable-books.ts';

/** What will happen to each image that was asked for. */
export interface ReprocessPlan {
  /** To be analysed again: by the same model and configuration, or by others. */
  readonly same: readonly string[];
  readonly changed: readonly string[];
  readonly inWork: number;
  /** Their files are gone. */
  readonly gone: number;
  readonly failedReports: readonly string[];
  readonly model: { readonly id: string; readonly sha256: string } | undefined;
}

/** `reprocess`: images again through filter and model, as a running node has them now. `dryRun` only says what would be. */
export async function reprocess(
  configFolder: string,
  written: WrittenTarget,
  how: { readonly mode: 'dry-run' | 'act'; readonly agree: (announced: string) => Promise<boolean> },
): Promise<VerbAnswer> {
  const planned = await withBooks(configFolder, (books) => {
    const target = imageTarget(written, books);
    return target.ok ? ok(planOf(target.value, books)) : target;
  });
  if (!planned.ok) return { exitCode: exitCodes.usage, text: `${planned.error}\n` };
  const plan = planned.value;
  const total = plan.same.length + plan.changed.length;
  const announced = reprocessText(plan);
  if (total + plan.failedReports.length === 0) return { exitCode: exitCodes.notFound, text: announced };
  if (how.mode === 'dry-run')
    return { exitCode: exitCodes.ok, text: `${announced}Nothing was changed (--dry-run).\n` };
  if (!(await how.agree(announced.trimEnd())))
    return { exitCode: exitCodes.refused, text: 'Nothing was changed. Without a terminal, say --yes.\n' };
  return await withWritableBooks(configFolder, ({ store }) => {
    const operator = operatorName();
    const queued = [...plan.same, ...plan.changed].filter(
      (instanceId) => store.holds.requeue(instanceId, operator) === 'queued',
    ).length;
    const reports = plan.failedReports.filter((uid) => store.studies.retryFailed(uid, operator)).length;
    const parts = [
      `${queued} of ${total} images are in the queue`,
      ...(reports === 0 ? [] : [`${reports} reports are tried again`]),
    ];
    return {
      exitCode: exitCodes.ok,
      text: `${parts.join('; ')}. Follow: lumbar-node ${written.what === undefined ? 'status' : `explain ${written.what}`}\n`,
    };
  });
}

function planOf(target: ImageTarget, { store, loaded }: Books): ReprocessPlan {
  const { model, configuration } = store.serviceLevel.facts();
  const configSha256 = configuration?.sha256 ?? loaded.sha256;
  const isSame = ({ analyses }: ExplainedImage): boolean =>
    analyses.some((one) => one.modelSha256 === model?.sha256 && one.configSha256 === configSha256);
  const same: string[] = [];
  const changed: string[] = [];
  const failedReports: string[] = [];
  let inWork = 0;
  let gone = 0;
  for (const { study, images } of target.studies()) {
    if (study.state === 'FAILED') failedReports.push(study.studyInstanceUid);
    for (const image of images) {
      const { instanceId, spoolState, disposition } = image.instance;
      if (disposition === 'pending') inWork++;
      if (spoolState !== 'present') gone++;
      else if (disposition !== 'pending') (isSame(image) ? same : changed).push(instanceId);
    }
  }
  return { same, changed, inWork, gone, failedReports, model };
}
