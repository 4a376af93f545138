import type { ReasonCode } from '../core/reasons.ts';

/**
 * What an administrator does about each reason code; `{uid}` is the image's SOP Instance UID and `{sender}` its calling
 * AE title. An empty text: nothing, it is meant to be so. docs/reasons.md is made from this table.
 */
export const reasonAdvice: Readonly<Record<ReasonCode, string>> = {
  S01: '',
  S02: '',
  S03: '',
  S04: 'Have {sender} forward For Presentation images if it only sends raw ones.',
  S05: '',
  S06: '',
  S07: 'If this was a patient, correct rules.qcPatientIdPatterns or rules.qcPatientNamePatterns in rules.yaml.',
  S08: '',
  S09: '',
  S10: 'Look at the image. Lateral: lumbar-node queue release {uid}. Anything else: lumbar-node queue dismiss {uid}. When {sender} always writes it so, teach it in rules.yaml (dictionary) and try with lumbar-node test-rule.',
  S11: 'Look at the image. Lumbar spine: lumbar-node queue release {uid}. Anything else: lumbar-node queue dismiss {uid}. When {sender} always writes it so, teach it in rules.yaml (dictionary) and try with lumbar-node test-rule.',
  S12: 'Look at the image. Lateral lumbar spine: lumbar-node queue release {uid}. Anything else: lumbar-node queue dismiss {uid}. Ask the technologists of {sender} which protocol writes both.',
  S13: 'Look at the image. One lateral lumbar spine: lumbar-node queue release {uid}. Stitched or full spine: lumbar-node queue dismiss {uid}.',
  S14: 'Look at the image. If spot views are to be analysed: lumbar-node queue release {uid}, or rules.spot: include in rules.yaml. Otherwise: lumbar-node queue dismiss {uid}.',
  S15: '',
  S16: '',
  Q01: 'Read without AI. If many images of {sender} end so, the model does not suit its images: lumbar-node report day shows how many, the model card says what it was trained on.',
  Q02: 'Have {sender} send the original image instead of a reduced copy.',
  Q03: 'Open the image in the viewer; if it is good there, keep it and report it as a fault of this node.',
  Q04: 'Set charsetDefault in node.yaml to the character set that {sender} writes, or have it declare one (0008,0005). Then: lumbar-node reprocess {uid}.',
  Q05: 'Correct the patient at {sender} and send the image again.',
  Q06: 'Look at the image: is it a lateral lumbar spine, upright, of the right polarity? Then report it as a fault of this node; else have {sender} correct its header or send it elsewhere.',
  T01: 'Open the image in the viewer. If it is good there, have {sender} send it uncompressed or as JPEG Lossless, and report it.',
  T02: 'If it repeats: lumbar-node doctor, and raise model.timeout in node.yaml or give the machine more CPU. Then: lumbar-node reprocess {uid}.',
  T03: 'Look into the log for PROCESS_LOST. If only this image does it, keep its file and report it. Once more: lumbar-node reprocess {uid}.',
  T04: 'Have the vendor of {sender} look at the file; dcmdump shows where it breaks.',
  T05: 'If the image is a usual one for {sender}, report it as a fault of this node.',
  T06: 'A fault of this node: look into the log at this time and report it. Once more: lumbar-node reprocess {uid}.',
  T07: 'Run lumbar-node doctor; then lumbar-node reprocess {uid}.',
  D01: '',
  D02: 'Run lumbar-node doctor; the destination is asked again by itself.',
  D03: 'Read what the destination answered, correct it there, then: lumbar-node queue retry.',
  D04: 'Compare AE titles with the PACS; it is asked again by itself.',
  D05: 'Have the PACS accept the kind of object, then: lumbar-node queue retry.',
  D06: 'Send it with lumbar-node queue release, or give it up with lumbar-node queue cancel.',
};

/** The advice for one image, filled in; undefined when there is nothing to do. */
export function adviceFor(
  code: ReasonCode,
  image: { readonly sopInstanceUid: string; readonly callingAeTitle: string },
): string | undefined {
  const text = reasonAdvice[code];
  if (text === '') return undefined;
  return text.replaceAll('{uid}', image.sopInstanceUid).replaceAll('{sender}', image.callingAeTitle);
}
