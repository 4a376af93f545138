import { z } from 'zod';
import { path, pattern } from '../values.ts';

/** Attributes whose text a dictionary entry may be limited to (PS3.6 keywords). */
export const dictionaryAttributes = [
  'BodyPartExamined',
  'ViewPosition',
  'SeriesDescription',
  'ProtocolName',
  'AcquisitionDeviceProcessingDescription',
  'PerformedProcedureStepDescription',
  'RequestedProcedureDescription',
  'StudyDescription',
] as const;

const dictionaryEntry = z
  .strictObject({
    text: z.string().min(1).max(128).meta({
      description:
        'What the modality writes. Case, width, accents of Latin letters and separators do not matter.',
    }),
    match: z
      .enum(['whole', 'contains'])
      .meta({
        description:
          'whole: the attribute says exactly this; contains: these words stand in it, one after the other.',
      })
      .default('whole'),
    attribute: z
      .enum(dictionaryAttributes)
      .meta({ description: 'Only in this attribute. Absent: in any of them.' })
      .optional(),
    sender: z
      .string()
      .min(1)
      .max(16)
      .meta({ description: 'Only from this calling AE title. Absent: from everybody.' })
      .optional(),
    region: z
      .enum(['lumbar', 'other', 'unclear'])
      .meta({
        description:
          'What the text says about the body region. Absent: nothing; the general vocabulary decides.',
      })
      .optional(),
    view: z
      .enum(['lateral', 'other', 'unclear'])
      .meta({
        description: 'What the text says about the view. Absent: nothing; the general vocabulary decides.',
      })
      .optional(),
    dynamic: z
      .enum(['flexion', 'extension', 'neutral'])
      .meta({ description: 'Which dynamic position the text names.' })
      .optional(),
  })
  .superRefine((entry, context) => {
    if (entry.region ?? entry.view ?? entry.dynamic) return;
    context.addIssue({
      code: 'custom',
      message: 'this dictionary entry says nothing',
      params: { help: 'add at least one of region, view, dynamic' },
    });
  })
  .meta({ description: 'One local name, such as a protocol of a certain room, and what it means.' });

/** The settings of rules.yaml, by top-level key. */
export const ruleSettings = {
  rules: z
    .strictObject({
      unknown: z
        .enum(['hold', 'exclude'])
        .meta({
          description:
            'What happens to an image whose header does not tell region or view: hold keeps it visible until an operator decides; exclude skips it.',
        })
        .default('hold'),
      spot: z
        .enum(['hold', 'include'])
        .meta({
          description:
            'What happens to a coned lateral spot view that is otherwise complete: hold, or include it.',
        })
        .default('hold'),
      minimumRows: z
        .int()
        .min(16)
        .max(10_000)
        .meta({ description: 'Images with fewer rows are skipped (Q02).', 'x-unit': 'pixels' })
        .default(256),
      minimumColumns: z
        .int()
        .min(16)
        .max(10_000)
        .meta({ description: 'Images with fewer columns are skipped (Q02).', 'x-unit': 'pixels' })
        .default(256),
      qcPatientIdPatterns: z
        .array(pattern('Pattern of Patient ID.'))
        .meta({
          description: 'An image whose Patient ID matches one of these is quality control and skipped (S07).',
        })
        .default(['^(QC|PHANTOM|TEST-?QC)([-_ ]|$)']),
      qcPatientNamePatterns: z
        .array(pattern("Pattern of Patient's Name."))
        .meta({
          description:
            "An image whose Patient's Name matches one of these is quality control and skipped (S07).",
        })
        .default(['^(QC|PHANTOM)([\\^ _-]|$)']),
      vocabulary: path(
        'Folder with the vocabulary of views. Absent: the one that comes with the program.',
      ).optional(),
      dictionary: z
        .array(dictionaryEntry)
        .meta({
          description:
            'The site dictionary: local names that the general vocabulary does not know or reads differently. The first entry that fits an attribute wins.',
        })
        .default([]),
    })
    .meta({ description: 'Which images are analysed.' })
    .prefault({}),
} as const;
