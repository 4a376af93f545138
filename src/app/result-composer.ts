import { formatFaults, type NodeConfig } from '../core/config/index.ts';
import { NodeError } from '../core/errors.ts';
import type { DataSet } from '../dicom/data-set.ts';
import type { MapLayer } from '../pipeline/inference.ts';
import type { OpenedModel } from '../pipeline/model-package.ts';
import { buildParametricMap } from '../pipeline/parametric-map/parametric-map.ts';
import type { NewObject } from '../pipeline/ports.ts';
import { buildPresentationState } from '../pipeline/presentation-state/presentation-state.ts';
import { readSoftcopyGrayscale } from '../pipeline/presentation-state/softcopy.ts';
import type { ReportPlan } from '../pipeline/report-study.ts';
import type {
  AnalysedImage,
  ModelFacts,
  NodeFacts,
  ResultContext,
  ResultObject,
  StudyContext,
} from '../pipeline/result-input.ts';
import { loadResultResources, type ResultResources } from '../pipeline/result-resources.ts';
import type { BuiltObjects } from '../pipeline/run-image-job.ts';
import { type RenderedCapture, renderCapture } from '../pipeline/secondary-capture/render-capture.ts';
import { buildSecondaryCapture } from '../pipeline/secondary-capture/secondary-capture.ts';
import type { ReportSopClass } from '../pipeline/structured-report/report-input.ts';
import { buildStructuredReport } from '../pipeline/structured-report/structured-report.ts';
import { resourceFault, resourceFiles } from './companions.ts';
import { product } from './product.ts';

export interface ComposerOptions {
  readonly config: NodeConfig;
  readonly configSha256: string;
  readonly configFolder: string;
  /** UUID of this installation: the name space of its UIDs. */
  readonly siteUuid: string;
  readonly model: OpenedModel;
}

/** Builds every result object of one configuration and model. */
export interface Composer {
  readonly node: NodeFacts;
  readonly model: ModelFacts;
  resultContext(study: StudyContext, startedAtMs: number): ResultContext;
  buildObjects(context: ResultContext, image: AnalysedImage, source: DataSet): BuiltObjects;
  /** The picture of the capture alone, for pages and reports. */
  renderCapture(context: ResultContext, image: AnalysedImage): RenderedCapture;
  buildReport(plan: ReportPlan, sopClass?: ReportSopClass): ResultObject;
}

/** Loads wording, codes and fonts (the site's own where it has them) and joins them with the builders. */
export function openComposer(options: ComposerOptions): Composer {
  const { config } = options;
  const resources = openResources(options);
  const node = nodeFacts(options);
  const model = modelFacts(options.model, config.model.map);
  return {
    node,
    model,
    resultContext: (study, analysisStartedAtMs) => ({
      study,
      model,
      node,
      timing: { analysisStartedAtMs, timeZone: config.timeZone, offset: 'omit' },
    }),
    buildObjects: (context, image, source) => {
      const instance = { instanceNumber: image.instanceNumber ?? 1, revision: 1 };
      const {
        mapClassId,
        rendered: _rendered,
        ...capture
      } = buildSecondaryCapture(image, context, {
        settings: config.results.capture,
        resources,
        ...instance,
      });
      const objects: NewObject[] = [{ kind: 'SC', ...capture }];
      if (config.results.gsps === 'on') {
        const grayscale = readSoftcopyGrayscale(source);
        const state = grayscale.ok
          ? buildPresentationState(image, context, { resources, grayscale: grayscale.value, ...instance })
          : undefined;
        if (state !== undefined) objects.push({ kind: 'GSPS', ...state });
      }
      if (config.results.parametricMap === 'on') {
        const map = buildParametricMap(image, context, instance);
        if (map !== undefined) objects.push({ kind: 'PM', ...map });
      }
      return mapClassId === undefined ? { objects } : { objects, capturedMapClassId: mapClassId };
    },
    renderCapture: (context, image) => renderCapture(image, context, config.results.capture, resources),
    buildReport: (plan, sopClass = 'Comprehensive3DSR') =>
      buildStructuredReport(plan.images, plan.context, {
        resources,
        sopClass,
        revision: plan.revision,
        ...(plan.predecessor === undefined ? {} : { predecessor: plan.predecessor }),
      }),
  };
}

function openResources({ config, configFolder }: ComposerOptions): ResultResources {
  const resources = loadResultResources(resourceFiles(config.results.language, configFolder));
  if (resources.ok) return resources.value;
  throw new NodeError('CONFIG_INVALID', formatFaults(resources.error.map(resourceFault)));
}

function nodeFacts({ config, configSha256, siteUuid }: ComposerOptions): NodeFacts {
  const { institution } = config;
  return {
    nodeId: config.aeTitle,
    uidNamespace: siteUuid,
    productName: product.name,
    manufacturer: product.manufacturer,
    manufacturerModelName: product.modelName,
    deviceSerialNumber: siteUuid.slice(0, 8).toUpperCase(),
    softwareVersion: product.version,
    configSha256,
    series: config.results.series,
    ...(institution.stationName === undefined ? {} : { stationName: institution.stationName }),
    ...(institution.name === undefined ? {} : { institutionName: institution.name }),
  };
}

/** The manifest in the words of the result builders. */
export function modelFacts({ manifest, sha256 }: OpenedModel, map: MapLayer): ModelFacts {
  const { calibration, stride16 } = manifest;
  return {
    id: manifest.id,
    name: manifest.name,
    version: manifest.version,
    sha256,
    calibrated: calibration !== undefined,
    trainingStatement: manifest.trainingData.statement,
    findings: manifest.classes
      .filter(({ role }) => role === 'finding')
      .map(({ id, label }) => ({ id, label })),
    simulated: manifest.trainingData.kind === 'simulated',
    mapLayer: map === 'stride16' && stride16 !== undefined ? stride16.layer : manifest.cam.layer,
    ...(calibration === undefined
      ? {}
      : {
          calibrationText: `temperature T=${calibration.temperature.toFixed(3)}; n=${calibration.fittedOn.images}`,
        }),
  };
}
