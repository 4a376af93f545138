import { reprocessText } from '../admin/reprocess/reprocess-text.ts';
import type { StudyExplanation } from '../store/explain.ts';
import { type Books, withBooks } from './books.ts';
import { findTarget } from './explain-target.ts';
import { operatorName } from './operator.ts';
import { exitCodes } from './restart-policy.ts';
import { withWritableBooks } from './writable-books.ts';

export interface ReprocessAnswer {
  readonly exitCode: number;
  /** Complete output, with its line feed. */
  readonly text: string;
}

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
  what: string,
  how: { readonly mode: 'dry-run' | 'act'; readonly agree: (announced: string) => Promise<boolean> },
): Promise<ReprocessAnswer> {
  const plan = await withBooks(configFolder, (books) => planOf(what, books));
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
    return { exitCode: exitCodes.ok, text: `${parts.join('; ')}. Follow: lumbar-node explain ${what}\n` };
  });
}

function planOf(what: string, { store, loaded }: Books): ReprocessPlan {
  const { studies, sopInstanceUid } = findTarget(what, store);
  const { model, configuration } = store.serviceLevel.facts();
  const configSha256 = configuration?.sha256 ?? loaded.sha256;
  const images = studies
    .flatMap((study) => study.images)
    .filter(({ instance }) => sopInstanceUid === undefined || instance.sopInstanceUid === sopInstanceUid);
  const isSame = ({ analyses }: StudyExplanation['images'][number]): boolean =>
    analyses.some((one) => one.modelSha256 === model?.sha256 && one.configSha256 === configSha256);
  const present = images.filter(
    ({ instance }) => instance.spoolState === 'present' && instance.disposition !== 'pending',
  );
  const idsOf = (chosen: typeof present): string[] => chosen.map(({ instance }) => instance.instanceId);
  return {
    same: idsOf(present.filter(isSame)),
    changed: idsOf(present.filter((image) => !isSame(image))),
    inWork: images.filter(({ instance }) => instance.disposition === 'pending').length,
    gone: images.filter(({ instance }) => instance.spoolState !== 'present').length,
    failedReports: studies.filter(({ state }) => state === 'FAILED').map((study) => study.studyInstanceUid),
    model,
  };
}
