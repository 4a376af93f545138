import { z } from 'zod';
import { duration, host, port, secret } from '../values.ts';

const capture = z
  .strictObject({
    map: z
      .enum(['suspected', 'suspected_and_indeterminate', 'always'])
      .meta({
        description:
          'For which outcomes the influence map is painted; a map on a negative image is a false cue.',
      })
      .default('suspected_and_indeterminate'),
    colours: z
      .enum(['inferno', 'viridis', 'cividis', 'contour_only'])
      .meta({ description: 'Colours of the map; all have monotonic lightness.' })
      .default('inferno'),
    burnInIdentity: z
      .enum(['none', 'initials_and_id', 'full'])
      .meta({ description: 'Whether patient identity is drawn into the pixels; viewers draw it anyway.' })
      .default('none'),
    panelHeight: z
      .int()
      .min(480)
      .max(2048)
      .meta({ description: 'Height of one panel of the picture.', 'x-unit': 'pixels' })
      .default(960),
  })
  .meta({ description: 'The secondary capture picture.' });

const oneSeries = (what: string, number: number, description: string) =>
  z
    .strictObject({
      number: z
        .int()
        .min(1)
        .max(2_147_483_647)
        .meta({ description: `Series Number (0020,0011) of the ${what}; high numbers sort last.` })
        .default(number),
      description: z
        .string()
        .min(1)
        .max(64)
        .meta({
          description: `Series Description (0008,103E) of the ${what}; constant, because PACS rules match on it.`,
        })
        .default(description),
    })
    .meta({ description: `The series that holds the ${what}.` })
    .prefault({});

const series = z
  .strictObject({
    capture: oneSeries('picture', 9901, 'AI LSPINE picture - not diagnostic'),
    report: oneSeries('report', 9902, 'AI LSPINE report - not diagnostic'),
    contour: oneSeries('contour', 9903, 'AI LSPINE contour - not diagnostic'),
    map: oneSeries('heat map', 9904, 'AI LSPINE heat map - not diagnostic'),
  })
  .superRefine((value, context) => {
    const seen = new Map<number, string>();
    for (const [name, one] of Object.entries(value)) {
      const other = seen.get(one.number);
      if (other !== undefined)
        context.addIssue({
          code: 'custom',
          path: [name, 'number'],
          message: `series number ${one.number} is already the number of "${other}"`,
        });
      seen.set(one.number, name);
    }
  })
  .meta({ description: 'Numbers and descriptions of the result series, one per kind and study.' });

const study = z
  .strictObject({
    quietTime: duration('Time without a new image after which the report of a study is made.', {
      min: '0s',
      max: '15m',
    }).prefault('10s'),
    hardMaximum: duration('Time after the first image at which the report is made in any case.', {
      min: '1s',
      max: '4h',
    }).prefault('15m'),
    expectedViews: z
      .array(z.enum(['NEUTRAL', 'FLEXION', 'EXTENSION']))
      .meta({
        description:
          'When all of these lateral views are there, the report is made at once. Empty: always wait for the quiet time.',
      })
      .default([]),
  })
  .superRefine((value, context) => {
    if (value.quietTime > value.hardMaximum)
      context.addIssue({
        code: 'custom',
        path: ['quietTime'],
        message: 'quietTime is longer than hardMaximum, so it could never end',
      });
  })
  .meta({ description: 'When a study counts as complete.' });

/** The settings of results.yaml, by top-level key. */
export const resultSettings = {
  results: z
    .strictObject({
      language: z
        .string()
        .regex(/^[a-z]{2}$/, 'a language is two small letters, such as en')
        .meta({ description: 'Language of the sentences in reports and pictures (wording/<language>.yaml).' })
        .default('en'),
      noResult: z
        .enum(['none', 'sr', 'sr_and_capture'])
        .meta({
          description:
            'What is sent for a lateral lumbar image that could not be analysed, so that silence is not read as negative.',
        })
        .default('sr'),
      thresholds: z
        .record(z.string(), z.number().gt(0).lt(1))
        .meta({
          description:
            'Own thresholds by class name of the model, between 0 and 1. Absent: those of the model manifest.',
          'x-unit': 'probability',
        })
        .default({}),
      capture: capture.prefault({}),
      series: series.prefault({}),
      study: study.prefault({}),
      gsps: z
        .enum(['off', 'on'])
        .meta({
          description:
            'Whether a presentation state with the contour is made; some PACS apply it without asking.',
        })
        .default('off'),
      parametricMap: z
        .enum(['off', 'on'])
        .meta({ description: 'Whether the heat map is also stored as a Parametric Map.' })
        .default('off'),
    })
    .meta({ description: 'What is made of an analysis.' })
    .prefault({}),
} as const;

const webhook = z
  .strictObject({
    url: z
      .url({ protocol: /^https?$/, error: 'a webhook is a URL that begins with http:// or https://' })
      .meta({ description: 'Address that receives a JSON message without patient data.', 'x-unit': 'URL' }),
    token: secret('Sent as "Authorization: Bearer".').optional(),
    timeout: duration('Time the receiver has to answer.', { min: '1s', max: '1m' }).prefault('10s'),
  })
  .meta({ description: 'Alerts over HTTP.' });

const mail = z
  .strictObject({
    host: host('Mail relay (SMTP).'),
    port: port('Port of the relay.').default(25),
    tls: z
      .enum(['none', 'starttls', 'tls'])
      .meta({ description: 'How the connection to the relay is protected.' })
      .default('starttls'),
    from: z
      .email({ error: 'not a mail address' })
      .meta({ description: 'Sender address.', 'x-unit': 'mail address' }),
    to: z
      .array(z.email({ error: 'not a mail address' }))
      .min(1)
      .meta({ description: 'Recipients.', 'x-unit': 'mail address' }),
    user: z.string().min(1).meta({ description: 'User name at the relay. Absent: no login.' }).optional(),
    password: secret('Password at the relay.').optional(),
  })
  .superRefine((value, context) => {
    if (value.user !== undefined && value.tls === 'none')
      context.addIssue({
        code: 'custom',
        path: ['user'],
        message: 'a login over an unprotected connection would show the password',
        params: { help: 'set "tls: starttls" or "tls: tls"' },
      });
    if ((value.user === undefined) !== (value.password === undefined))
      context.addIssue({
        code: 'custom',
        message: 'user and password belong together; one of them is missing',
      });
  })
  .meta({ description: 'Alerts by mail.' });

const limits = { min: '1m', max: '30d' };

/** The settings of alerts.yaml, by top-level key. */
export const alertSettings = {
  alerts: z
    .strictObject({
      webhook: webhook.optional(),
      mail: mail.optional(),
      heartbeat: z
        .strictObject({
          url: z
            .url({ protocol: /^https?$/, error: 'a heartbeat is a URL that begins with http:// or https://' })
            .meta({ description: 'Address called while the node is healthy.', 'x-unit': 'URL' }),
          interval: duration('How often it is called.', { min: '10s', max: '1d' }).prefault('5m'),
        })
        .meta({ description: 'A sign of life for a watchdog elsewhere.' })
        .optional(),
      after: z
        .strictObject({
          pacsRefusing: duration('Time a destination may refuse or be unreachable.', limits).prefault('10m'),
          oldestItem: duration('Age of the oldest image or result that is still waiting.', limits).prefault(
            '30m',
          ),
          senderSilent: duration('Time a sender may be silent inside its usual hours.', limits).prefault(
            '2h',
          ),
          certificateExpiry: duration('Time before a certificate ends.', { min: '1d', max: '365d' }).prefault(
            '30d',
          ),
          backupAge: duration('Age of the newest backup.', { min: '1h', max: '365d' }).prefault('48h'),
        })
        .meta({ description: 'When something becomes an alert.' })
        .prefault({}),
    })
    .meta({
      description:
        'Who is told when something needs a person: one message at the start, one at the recovery.',
    })
    .prefault({}),
} as const;
