import type { CalibrationReport } from './calibration-metrics.ts';
import type { ClassificationReport, Figures } from './classification-metrics.ts';
import type { LocalisationReport } from './localisation.ts';
import type { RejectionReport } from './rejection-table.ts';
import type { Estimate } from './statistics.ts';

/**
 * Every figure a manifest may set a limit on, by name: those of the mean over classes (`accuracy` ... `auc`), of a class
 * (`dls.sensitivity`), the lower end of an interval (`dls.sensitivityCiLow`), and `ece`, `brier`, `nll`, `refused`,
 * `otherStopped`, `pointingGame`, `explainabilityFailureRatio`, `within15mm`, `within25mm`, `parity`.
 */
export function measuredFigures(
  {
    answered,
    calibration,
    rejection,
    localisation,
  }: {
    readonly answered: ClassificationReport;
    readonly calibration: CalibrationReport;
    readonly rejection: RejectionReport;
    readonly localisation: LocalisationReport | null;
  },
  parity: number,
): Readonly<Record<string, number>> {
  const { macro, perClass } = answered;
  return {
    ...named('', macro),
    ...Object.fromEntries(perClass.flatMap((entry) => Object.entries(named(`${entry.classId}.`, entry)))),
    ece: calibration.ece,
    brier: calibration.brier.value,
    nll: calibration.nll.value,
    refused: rejection.refused.value,
    otherStopped: rejection.otherStopped.value,
    pointingGame: localisation?.pointingGame.value ?? Number.NaN,
    explainabilityFailureRatio: localisation?.failureRatio.value ?? Number.NaN,
    within15mm: localisation?.within15mm.value ?? Number.NaN,
    within25mm: localisation?.within25mm.value ?? Number.NaN,
    parity,
  };
}

const limited = [
  'accuracy',
  'precision',
  'sensitivity',
  'specificity',
  'npv',
  'f1',
  'balancedAccuracy',
  'mcc',
  'auc',
] as const satisfies readonly (keyof Figures)[];

function named(prefix: string, figures: Figures): Record<string, number> {
  return Object.fromEntries(
    limited.flatMap((name): [string, number][] => {
      const { value, low }: Estimate = figures[name];
      return [
        [`${prefix}${name}`, value],
        [`${prefix}${name}CiLow`, low],
      ];
    }),
  );
}
