/** What every figure of the report means; each name in a table links here. */
const definitions: Readonly<Record<string, string>> = {
  '95 % interval':
    'Wilson score interval (1927) for a share of images. For F1, balanced accuracy, MCC, AUC, Brier score and every mean over classes: percentile bootstrap that draws patients with all their images, because images of one patient are not independent. A bootstrap of a perfect figure has no width: there the Wilson intervals say more.',
  'the call':
    'The most probable class, as in the paper. What the node itself would say at its own thresholds stands under "What the PACS would have shown".',
  accuracy: 'Share of images whose call is the label.',
  'accuracy, patients drawn':
    'The same accuracy with an interval by bootstrap over patients; wider where images of one patient are right or wrong together.',
  precision:
    'Of the images called this class, the share that is of it (positive predictive value) at the mix of classes in this list.',
  sensitivity: 'Of the images of this class, the share called so (recall).',
  specificity: 'Of the images of other classes, the share not called this one.',
  NPV: 'Of the images not called this class, the share that is not of it (negative predictive value) at the mix of classes in this list.',
  F1: 'Harmonic mean of precision and sensitivity.',
  'balanced accuracy':
    'One class: mean of sensitivity and specificity. All classes: mean of the sensitivities.',
  MCC: 'Matthews correlation coefficient; for several classes that of Gorodkin (2004). 1 is perfect, 0 is chance.',
  AUC: 'Area under the ROC curve: the chance that an image of the class scores higher than one of another class; ties count half.',
  'AUC, DeLong':
    'The same area with the interval of DeLong et al. (1988), which takes images as independent: a check of the bootstrap.',
  'mean over classes': 'Unweighted mean of the figures of the classes (macro average).',
  'average precision':
    'Area under the precision-recall curve as the sum of precision times gain in recall. Chance is the share of the class.',
  'operating point': 'The threshold that the node uses for this finding, from the manifest of the model.',
  threshold: 'An image is flagged when the probability of the class is at least this.',
  flagged: 'Images at or above the threshold.',
  PPV: 'Predictive values at the prevalence that was asked for, by Bayes from the measured sensitivity and specificity. They hold only if those carry over to that population.',
  ECE: 'Expected calibration error: mean gap between the highest probability and the share of right calls over 15 bins of equal width (Guo et al. 2017). 0 is perfect.',
  'Brier score':
    'Mean squared distance between probabilities and truth over all classes. 0 is perfect, 2 is worst.',
  'log loss': 'Mean negative logarithm of the probability given to the truth.',
  'calibration slope':
    'Slope of a logistic regression of the truth on the logit of the probability. 1 is perfect; below 1 the probabilities are too extreme. Interval by patient-clustered sandwich variance.',
  'calibration intercept':
    'Calibration in the large: intercept of the same regression with the slope held at 1. Above 0 the probabilities are too low.',
  'reliability diagram':
    'Ten bins with equally many images. On the dashed line probabilities are as large as the share of right calls.',
  coverage: 'Share of images that are answered when the least sure answers are left to people.',
  'no answer':
    'Images that the node refused, held, skipped or failed on. They are in no figure except where the table says so.',
  'no answer counted as wrong':
    'Sensitivity and specificity over all images with a label; one without an answer counts as a miss and as a false alarm.',
  'pointing game':
    'Share of right findings whose map has its peak inside the box of the lesion (Zhang et al. 2018).',
  'explainability failure ratio':
    'Share of right findings whose map points outside the box (doi 10.1007/s10916-022-01806-2).',
  distance:
    'From the peak of the map to the lesion, right findings only. Millimetres of the list or of the file; where a file gives only the spacing at the detector, they are too large by its magnification.',
  'map not shown':
    'Answered images whose capture shows no map: nothing suspected, or the map was not focal enough to point anywhere.',
  kappa: "Cohen's kappa: agreement beyond chance. 1 is full agreement.",
  'McNemar p':
    'Exact two-sided McNemar test on the images of which exactly one of the two was right. Several readers mean several tests; no correction is made.',
  'AI wrong, reader right': 'Images that the reader called right and the model wrong.',
  'AI right, reader wrong': 'Images that the model called right and the reader wrong.',
  groups:
    'A group is compared with all other images of its column only if both have at least 20; "lower" or "higher" means that the two 95 % intervals do not meet. Many groups are looked at, so take a difference as a question.',
  'model time': 'Time in the network alone.',
  'total time': 'From reading the file to the answer, without the result objects.',
  parity:
    'Largest difference of a logit of the golden inputs of the model package, on this machine and provider, from the recorded one.',
  'duplicate pixels': 'Images whose stored pixels are equal byte for byte.',
};

export function definitionOf(name: string): string | undefined {
  return definitions[name];
}

/** Names in tables that another definition explains. */
const synonyms: Readonly<Record<string, string>> = {
  f1: 'F1',
  npv: 'NPV',
  auc: 'AUC',
  mcc: 'MCC',
  ece: 'ECE',
  brier: 'Brier score',
  nll: 'log loss',
  balancedAccuracy: 'balanced accuracy',
  refused: 'no answer',
  share: 'precision',
  within15mm: 'distance',
  within25mm: 'distance',
  pointingGame: 'pointing game',
  explainabilityFailureRatio: 'explainability failure ratio',
  'within 15 mm': 'distance',
  'within 25 mm': 'distance',
  'no map at all': 'map not shown',
  'kappa with the model': 'kappa',
  'kappa with the label': 'kappa',
  'against the rest': 'groups',
  'model accuracy there': 'accuracy',
};

/** The definition that explains a name in a table: `sensitivity, dls` and `dls.sensitivityCiLow` are sensitivities. */
export function definitionKey(name: string): string | undefined {
  const figure = (name.split('.').at(-1) ?? name).replace(/CiLow$/, '');
  return [name, name.split(',')[0] ?? name, figure]
    .map((candidate) => synonyms[candidate] ?? candidate)
    .find((candidate) => definitions[candidate] !== undefined);
}

export const definedNames: readonly string[] = Object.keys(definitions);
