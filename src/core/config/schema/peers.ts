import { z } from 'zod';
import { aeTitle, cidr, duration, host, path, port, weeklyHours } from '../values.ts';

const sender = z
  .strictObject({
    aeTitle: aeTitle('Calling AE title of the modality, compared exactly (case matters).'),
    name: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: 'Name for people, such as "X-ray room 1".' })
      .optional(),
    cidr: z
      .array(cidr('Network the sender may call from.'))
      .min(1)
      .meta({ description: 'Networks the sender may call from; any other address is refused.' }),
    certificateSha256: z
      .string()
      .regex(/^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$/, 'a certificate fingerprint has 64 hexadecimal digits')
      .transform((text) => text.replaceAll(':', '').toLowerCase())
      .meta({
        description: 'SHA-256 fingerprint of the client certificate that this sender must show.',
        'x-unit': '64 hexadecimal digits',
      })
      .optional(),
    maxAssociations: z
      .int()
      .min(1)
      .max(500)
      .meta({
        description: 'Associations open at once from this sender. Absent: listener.maxAssociationsPerSender.',
      })
      .optional(),
    usualHours: weeklyHours(
      'When images are normally sent; silence inside these hours is reported.',
    ).optional(),
  })
  .meta({ description: 'One modality or router that may send.' });

/** The settings of senders.yaml, by top-level key. */
export const senderSettings = {
  senders: z
    .array(sender)
    .min(1, { error: 'at least one sender is needed: nobody may send by default' })
    .superRefine((senders, context) =>
      duplicates(senders.map((one) => one.aeTitle)).forEach((index) =>
        context.addIssue({
          code: 'custom',
          path: [index, 'aeTitle'],
          message: `the sender "${senders[index]?.aeTitle ?? ''}" is listed twice`,
          params: { help: 'put both networks into one "cidr" list' },
        }),
      ),
    )
    .meta({ description: 'Who may store images here. Everybody else is refused.' }),
} as const;

/** Result object kinds: SR report, SC picture, GSPS contour, PM heat map (Parametric Map). */
export const resultObjectKinds = ['SR', 'SC', 'GSPS', 'PM'] as const;

/** SR SOP Classes that carry the same tree, PS3.4 B.5. */
export const srClasses = ['Comprehensive3DSR', 'ComprehensiveSR', 'EnhancedSR'] as const;

const timeouts = z
  .strictObject({
    connect: duration('Time to open the TCP (and TLS) connection.', { min: '100ms', max: '5m' }).prefault(
      '10s',
    ),
    associate: duration('Time for the answer to A-ASSOCIATE-RQ.', { min: '100ms', max: '5m' }).prefault(
      '15s',
    ),
    response: duration('Time for the answer to one C-STORE or N-ACTION.', {
      min: '100ms',
      max: '30m',
    }).prefault('60s'),
    commitment: duration('Time to wait for a storage commitment result before asking again.', {
      min: '10s',
      max: '7d',
    }).prefault('24h'),
  })
  .meta({ description: 'How long this destination may take.' });

const destination = z
  .strictObject({
    name: z
      .string()
      .regex(
        /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/,
        'a destination name has letters, digits, "-" and "_" only, at most 32',
      )
      .meta({ description: 'Short name used by the command line, the log and the metrics.' }),
    host: host('Where the PACS listens.'),
    port: port('Port of the PACS.').default(104),
    calledAeTitle: aeTitle('AE title of the PACS.'),
    callingAeTitle: aeTitle(
      'AE title this node uses toward the PACS. Absent: aeTitle of the node.',
    ).optional(),
    tls: z
      .strictObject({
        ca: path(
          'PEM file with the authorities that sign the certificate of the PACS. Absent: the system store.',
        ).optional(),
        certificate: path('PEM file with the client certificate this node shows.').optional(),
        key: path('PEM file with its private key.').optional(),
        serverName: host('Name the certificate of the PACS must carry. Absent: host.').optional(),
      })
      .superRefine((value, context) => {
        if ((value.certificate === undefined) !== (value.key === undefined)) {
          context.addIssue({
            code: 'custom',
            message: 'certificate and key belong together; one of them is missing',
          });
        }
      })
      .meta({ description: 'TLS toward the PACS. Absent: plain DICOM.' })
      .optional(),
    deliver: z
      .enum(['off', 'shadow', 'on'])
      .meta({
        description:
          'on sends results; shadow makes them and keeps them here; off makes none for this destination.',
      })
      .default('on'),
    objects: z
      .array(z.enum(resultObjectKinds))
      .min(1)
      .meta({
        description:
          'What is sent: SR report, SC picture, GSPS contour (needs results.gsps), PM heat map (needs results.parametricMap).',
      })
      .default(['SR', 'SC']),
    srClass: z
      .array(z.enum(srClasses))
      .min(1)
      .meta({ description: 'SR SOP Classes in the order to offer; the first that the PACS accepts is used.' })
      .default([...srClasses]),
    storageCommitment: z
      .enum(['off', 'on'])
      .meta({ description: 'Whether the PACS is asked to commit (PS3.4 J) before a result counts as safe.' })
      .default('off'),
    rate: z
      .number()
      .positive()
      .max(1000)
      .meta({ description: 'Most objects per second.', 'x-unit': 'objects per second' })
      .default(10),
    maxAssociations: z
      .int()
      .min(1)
      .max(16)
      .meta({ description: 'Associations open at once toward this PACS.' })
      .default(1),
    timeouts: timeouts.prefault({}),
  })
  .superRefine((value, context) => {
    if (value.port === 0)
      context.addIssue({
        code: 'custom',
        path: ['port'],
        message: 'a destination needs a port between 1 and 65535',
      });
  })
  .meta({ description: 'One PACS or archive that receives results.' });

/** The settings of pacs.yaml, by top-level key. */
export const pacsSettings = {
  pacs: z
    .array(destination)
    .min(1, { error: 'at least one destination is needed, or nobody sees a result' })
    .superRefine((pacs, context) =>
      duplicates(pacs.map((one) => one.name)).forEach((index) =>
        context.addIssue({
          code: 'custom',
          path: [index, 'name'],
          message: `the destination "${pacs[index]?.name ?? ''}" is listed twice`,
        }),
      ),
    )
    .meta({ description: 'Where results go.' }),
} as const;

function duplicates(values: readonly string[]): number[] {
  return values.flatMap((value, index) => (values.indexOf(value) < index ? [index] : []));
}
