/** The SOP classes this node speaks of (PS3.4 Annexes A, B, J; PS3.6 Annex A). */
export const sopClassUid = {
  verification: '1.2.840.10008.1.1',
  storageCommitmentPushModel: '1.2.840.10008.1.20.1',
  computedRadiographyImageStorage: '1.2.840.10008.5.1.4.1.1.1',
  digitalXRayImageStorageForPresentation: '1.2.840.10008.5.1.4.1.1.1.1',
  digitalXRayImageStorageForProcessing: '1.2.840.10008.5.1.4.1.1.1.1.1',
  secondaryCaptureImageStorage: '1.2.840.10008.5.1.4.1.1.7',
  grayscaleSoftcopyPresentationStateStorage: '1.2.840.10008.5.1.4.1.1.11.1',
  parametricMapStorage: '1.2.840.10008.5.1.4.1.1.30',
  basicTextSrStorage: '1.2.840.10008.5.1.4.1.1.88.11',
  enhancedSrStorage: '1.2.840.10008.5.1.4.1.1.88.22',
  comprehensiveSrStorage: '1.2.840.10008.5.1.4.1.1.88.33',
  comprehensive3dSrStorage: '1.2.840.10008.5.1.4.1.1.88.34',
} as const;

/** Well-known SOP Instance of the Storage Commitment Push Model (PS3.4 J.3.5). */
export const storageCommitmentPushModelInstanceUid = '1.2.840.10008.1.20.1.1';

const names: ReadonlyMap<string, string> = new Map([
  [sopClassUid.verification, 'Verification'],
  [sopClassUid.storageCommitmentPushModel, 'Storage Commitment Push Model'],
  [sopClassUid.computedRadiographyImageStorage, 'Computed Radiography Image Storage'],
  [sopClassUid.digitalXRayImageStorageForPresentation, 'Digital X-Ray Image Storage - For Presentation'],
  [sopClassUid.digitalXRayImageStorageForProcessing, 'Digital X-Ray Image Storage - For Processing'],
  [sopClassUid.secondaryCaptureImageStorage, 'Secondary Capture Image Storage'],
  [sopClassUid.grayscaleSoftcopyPresentationStateStorage, 'Grayscale Softcopy Presentation State Storage'],
  [sopClassUid.parametricMapStorage, 'Parametric Map Storage'],
  [sopClassUid.basicTextSrStorage, 'Basic Text SR Storage'],
  [sopClassUid.enhancedSrStorage, 'Enhanced SR Storage'],
  [sopClassUid.comprehensiveSrStorage, 'Comprehensive SR Storage'],
  [sopClassUid.comprehensive3dSrStorage, 'Comprehensive 3D SR Storage'],
  // Never taken, but offered by modalities and routers all the time: an administrator reads names, not UIDs.
  ['1.2.840.10008.5.1.4.1.1.1.2', 'Digital Mammography X-Ray Image Storage - For Presentation'],
  ['1.2.840.10008.5.1.4.1.1.2', 'CT Image Storage'],
  ['1.2.840.10008.5.1.4.1.1.3.1', 'Ultrasound Multi-frame Image Storage'],
  ['1.2.840.10008.5.1.4.1.1.4', 'MR Image Storage'],
  ['1.2.840.10008.5.1.4.1.1.6.1', 'Ultrasound Image Storage'],
  ['1.2.840.10008.5.1.4.1.1.12.1', 'X-Ray Angiographic Image Storage'],
  ['1.2.840.10008.5.1.4.1.1.12.2', 'X-Ray Radiofluoroscopic Image Storage'],
  ['1.2.840.10008.5.1.4.1.1.88.67', 'X-Ray Radiation Dose SR Storage'],
]);

/** The standard's name of a SOP class, or the UID itself when this node has no name for it. */
export function sopClassName(uid: string): string {
  return names.get(uid) ?? uid;
}

/** The image classes that a modality may store here: CR, DX For Presentation, DX For Processing. */
export const acceptedImageSopClasses: readonly string[] = [
  sopClassUid.computedRadiographyImageStorage,
  sopClassUid.digitalXRayImageStorageForPresentation,
  sopClassUid.digitalXRayImageStorageForProcessing,
];
