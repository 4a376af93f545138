import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { type RuleEffect, ruleEffectText } from '../admin/rule-effect-text.ts';
import { printable } from '../admin/text-layout.ts';
import type { LoadedConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import type { Part10File } from '../dicom/part10-reader.ts';
import { acceptedImageSopClasses, sopClassName } from '../dicom/sop-class.ts';
import { decodeFrames } from '../imaging/decode-frames.ts';
import { type ModelManifest, readManifest } from '../pipeline/model-package.ts';
import { ownDeviceUids } from '../pipeline/own-object.ts';
import { prepareImage } from '../pipeline/preprocess.ts';
import { qualityFault } from '../pipeline/quality.ts';
import { examineImage } from '../pipeline/run-image-job.ts';
import { explainDecision, type ViewDecision } from '../pipeline/view-filter/index.ts';
import { vocabularyFolder } from './companions.ts';
import { withBooks } from './books.ts';
import { activeModelFolder, activeModelSetting } from './model-selection.ts';
import { exitCodes } from './restart-policy.ts';
import { foldersOf, readConfig } from './runtime.ts';
import { openViewFilter } from './view-decision.ts';

/**
 * `test-rule`: one file through parser, filter, identity and the free quality checks of the configuration on disk. No
 * model runs, nothing is kept; a node that was never started can do it.
 */
export async function testRule(
  configFolder: string,
  path: string,
  { sender, format }: { readonly sender: string; readonly format: 'text' | 'json' },
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const loaded = readConfig(configFolder);
  const { config } = loaded;
  if (!existsSync(path)) throw new NodeError('NOT_FOUND', `there is no file ${path}`);
  const site = await siteFacts(loaded, configFolder);
  const filter = openViewFilter(config.rules, vocabularyFolder(config.rules, configFolder), site.deviceUids);
  let decision: ViewDecision | undefined;
  const examined = examineImage(
    await readFile(path),
    { callingAeTitle: sender, released: false },
    {
      charsetDefault: config.charsetDefault,
      decideView: (file, job) => {
        decision = filter(file, job);
        return decision;
      },
    },
  );
  const sopClassUid = examined.file?.dataSet.string('SOPClassUID');
  const effect: RuleEffect = {
    sopClass: sopClassUid === undefined ? undefined : sopClassName(sopClassUid),
    taken: sopClassUid !== undefined && acceptedImageSopClasses.includes(sopClassUid),
    ...(examined.kind === 'ended'
      ? { disposition: examined.end.disposition, reasons: examined.end.reasons }
      : await pixelEnd(examined.file, site.manifest, config.rules)),
    destinations: config.pacs.filter(({ deliver }) => deliver === 'on').map(({ name }) => name),
  };
  const text =
    format === 'json'
      ? `${JSON.stringify({ schema: 1, decision: decision ?? null, effect }, undefined, 2)}\n`
      : effectAfter(decision, effect);
  return { exitCode: decision === undefined ? exitCodes.failed : exitCodes.ok, text };
}

/** The decision first, then its effect; reasons that the decision has named are not named twice. */
function effectAfter(decision: ViewDecision | undefined, effect: RuleEffect): string {
  if (decision === undefined) return ruleEffectText(effect);
  const named = new Set(decision.reasons.map(({ code }) => code));
  const others = effect.reasons.filter(({ code }) => !named.has(code));
  // What a header says is not this program's text: it must not steer a terminal.
  const told = explainDecision(decision).split('\n').map(printable).join('\n');
  return `${told}\n${ruleEffectText({ ...effect, reasons: others })}`;
}

interface SiteFacts {
  readonly manifest: Result<ModelManifest, NodeError>;
  readonly deviceUids: readonly string[];
}

/** What the running node knows besides its configuration: which model is active, and the marks of its own objects. */
async function siteFacts({ config }: LoadedConfig, configFolder: string): Promise<SiteFacts> {
  const kept = existsSync(foldersOf(config, configFolder).database)
    ? await withBooks(configFolder, ({ store }) => ({
        activated: store.settings.get(activeModelSetting),
        siteUuid: store.settings.get('siteUuid'),
      }))
    : { activated: undefined, siteUuid: undefined };
  const folder = activeModelFolder(config.model, kept.activated);
  const manifest = folder.ok ? readManifest(folder.value) : folder;
  const deviceUids =
    kept.siteUuid === undefined || !manifest.ok
      ? []
      : ownDeviceUids({ nodeId: config.aeTitle, uidNamespace: kept.siteUuid }, [manifest.value]);
  return { manifest, deviceUids };
}

/** How an image that the filter lets through ends before the network: decoding, size and contrast. */
async function pixelEnd(
  file: Part10File,
  manifest: SiteFacts['manifest'],
  limits: { readonly minimumRows: number; readonly minimumColumns: number },
): Promise<Pick<RuleEffect, 'disposition' | 'reasons' | 'notLookedAt'>> {
  if (!manifest.ok)
    return { disposition: 'analysed', reasons: [], notLookedAt: `the pixels (${manifest.error.message})` };
  const pixels = await decodeFrames(file);
  if (!pixels.ok) {
    const code = pixels.error.code === 'PIXEL_LIMIT' ? 'T05' : 'T01';
    return { disposition: 'no result', reasons: [{ code, detail: pixels.error.message }] };
  }
  const fault = qualityFault(prepareImage(pixels.value, file.dataSet, manifest.value).display, limits);
  return fault === undefined
    ? { disposition: 'analysed', reasons: [] }
    : { disposition: 'no result', reasons: [fault] };
}
