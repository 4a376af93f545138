import { z } from 'zod';

const codeEntry = { scheme: z.string().min(1), value: z.string().min(1), name: z.string().min(1) };
const region = z
  .enum(['lumbar', 'other', 'unclear'])
  .meta({ description: 'What the code says about the body region.' });
const view = z
  .enum(['lateral', 'frontal', 'oblique', 'axial', 'unclear'])
  .meta({ description: 'What the code says about the view.' });
const dynamic = z
  .enum(['FLEXION', 'EXTENSION', 'NEUTRAL'])
  .meta({ description: 'The dynamic position the code names.' });
const words = (description: string) => z.array(z.string().min(1)).meta({ description }).default([]);

/** The lists of phrases of one language; what each means is said here and printed into the JSON schema. */
const language = z.strictObject({
  lumbar: words('Names the lumbar or lumbo-sacral spine: region yes.'),
  otherRegion: words('Names another body part: region no.'),
  unclearRegion: words('Names a region that may or may not be the lumbar spine: region unknown.'),
  lateral: words('Names a lateral view: view yes.'),
  frontal: words('Names a frontal view, decubitus included: view no.'),
  oblique: words('Names an oblique view: view no.'),
  axial: words('Names an axial view: view no.'),
  coronalBending: words('Names a sideways bending view, which is frontal: view no.'),
  flexion: words('Names flexion.'),
  extension: words('Names extension.'),
  extensionInContext: words(
    'Names extension only in a text that also names the lumbar spine, a lateral view or flexion.',
  ),
  neutral: words('Names the neutral position.'),
  set: words('Names an examination of several images, not this image: view and dynamic unknown.'),
  bending: words('Bending without a direction: view and dynamic unknown.'),
  spot: words('Names a coned spot view.'),
  stitched: words('Names a stitched or full-spine image.'),
  nothing: words('Uses up words that would otherwise mean something.'),
});

/** What the files of config/views hold together. */
export const vocabularySchema = z.strictObject({
  regionCodes: z
    .array(z.strictObject({ ...codeEntry, region }))
    .meta({ description: 'Codes of regions and of whole examinations.' }),
  viewCodes: z
    .array(z.strictObject({ ...codeEntry, view }))
    .meta({ description: 'Codes of View Code Sequence (0054,0220).' }),
  viewModifierCodes: z
    .array(z.strictObject({ ...codeEntry, view }))
    .meta({ description: 'Codes of View Modifier Code Sequence (0054,0222) that support a view.' }),
  dynamicCodes: z
    .array(z.strictObject({ ...codeEntry, dynamic }))
    .meta({ description: 'Codes of Acquisition Context Sequence (0040,0555).' }),
  stitchingCodes: z
    .array(z.strictObject(codeEntry))
    .meta({ description: 'Codes of Derivation Code Sequence (0008,9215).' }),
  bodyParts: z
    .strictObject({
      lumbar: words('Region yes.'),
      unclear: words('Region unknown.'),
      other: words('Region no.'),
    })
    .meta({ description: 'Terms of Body Part Examined (0018,0015).' }),
  viewPositions: z
    .strictObject({
      lateral: words('View yes.'),
      frontal: words('View no.'),
      oblique: words('View no.'),
      unclear: words('View unknown.'),
      flexion: words('Flexion.'),
      extension: words('Extension.'),
    })
    .meta({ description: 'Terms of View Position (0018,5101).' }),
  derivedMarkers: words('Image Type values of overlays, analyses and screen saves.'),
  stitchedMarkers: words('Image Type values of stitched images.'),
  text: z.record(z.string(), language).meta({ description: 'Phrases of free text by language.' }),
});

export type VocabularyData = z.output<typeof vocabularySchema>;
/** The kinds of phrase, as in the language lists. */
export type PhraseKind = keyof z.output<typeof language>;

/** JSON Schema of the files in config/views, for editors; each file holds a part, so nothing is required. */
export function vocabularyJsonSchema(): Readonly<Record<string, unknown>> {
  const { required: _required, ...schema } = z.toJSONSchema(vocabularySchema, { io: 'input' });
  return { ...schema, title: 'lumbar-node vocabulary of views' };
}
