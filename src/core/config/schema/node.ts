import { z } from 'zod';
import { aeTitle, duration, host, path, port, secret, size, timeZone } from '../values.ts';

/** Specific Character Set (0008,0005) values without code extensions, PS3.3 C.12.1.1.2. */
const singleCharacterSets = [
  'ISO_IR 100',
  'ISO_IR 101',
  'ISO_IR 109',
  'ISO_IR 110',
  'ISO_IR 144',
  'ISO_IR 127',
  'ISO_IR 126',
  'ISO_IR 138',
  'ISO_IR 148',
  'ISO_IR 203',
  'ISO_IR 13',
  'ISO_IR 166',
  'ISO_IR 192',
  'GB18030',
  'GBK',
] as const;

const listenerTls = z
  .strictObject({
    certificate: path('PEM file with the certificate chain that this node shows.'),
    key: path('PEM file with the private key of that certificate.'),
    ca: path('PEM file with the authorities that sign client certificates.').optional(),
    crl: path(
      'PEM file with the revocation lists of these authorities; SIGHUP reads it again. An outdated list refuses everybody.',
    ).optional(),
    clientCertificates: z
      .enum(['none', 'optional', 'required'])
      .meta({
        description:
          'Whether a modality must show a certificate: none asks for none, optional checks one that is shown, required refuses without one.',
      })
      .default('none'),
  })
  .superRefine((tls, context) => {
    if (tls.clientCertificates !== 'none' && tls.ca === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['clientCertificates'],
        message: `client certificates are ${tls.clientCertificates}, but no authority can check them`,
        params: { help: 'add "ca: /path/to/authorities.pem" beside it' },
      });
    }
  })
  .meta({
    description:
      'TLS for incoming associations (BCP 195 profile, PS3.15 B.12): TLS 1.2 or 1.3. SIGHUP reads the files again: a good certificate serves new connections, a broken one changes nothing. Absent: plain DICOM.',
    'x-restart': true,
  });

const listener = z
  .strictObject({
    host: host('Address to listen on; 0.0.0.0 is every IPv4 interface.')
      .meta({ 'x-restart': true })
      .prefault('0.0.0.0'),
    port: port('Port for incoming associations. 104 needs CAP_NET_BIND_SERVICE; 0 lets the system choose.')
      .meta({ 'x-restart': true })
      .default(11_112),
    maxAssociations: z
      .int()
      .min(1)
      .max(500)
      .meta({
        description:
          'Associations open at once, all senders together; one more is rejected as "local limit exceeded".',
      })
      .default(25),
    maxAssociationsPerSender: z
      .int()
      .min(1)
      .max(500)
      .meta({
        description: 'Associations open at once from one sender, unless the sender has its own number.',
      })
      .default(8),
    maxPduLength: size('Largest PDU this node takes, announced to the sender (PS3.8 D.1).', {
      min: '4KiB',
      max: '1MiB',
    }).prefault('128KiB'),
    maxObjectSize: size('Largest object taken; a longer one is answered with A700H and dropped.', {
      min: '1MiB',
      max: '4GiB',
    }).prefault('512MiB'),
    artimTimeout: duration(
      'Time a sender has from connecting to a complete A-ASSOCIATE-RQ (ARTIM, PS3.8 9.1.5).',
      { min: '1s', max: '5m' },
    ).prefault('10s'),
    pduTimeout: duration('Time a sender has to complete one PDU it has begun.', {
      min: '1s',
      max: '10m',
    }).prefault('30s'),
    idleTimeout: duration('Time an association may stay without any message.', {
      min: '1s',
      max: '1h',
    }).prefault('60s'),
    tls: listenerTls.optional(),
  })
  .superRefine((value, context) => {
    if (value.maxAssociationsPerSender > value.maxAssociations) {
      context.addIssue({
        code: 'custom',
        path: ['maxAssociationsPerSender'],
        message: `${value.maxAssociationsPerSender} associations per sender can never be reached with maxAssociations ${value.maxAssociations}`,
      });
    }
  })
  .meta({ description: 'The port where modalities store images.' });

const storage = z
  .strictObject({
    directory: path('Folder for spool, results and database; on a local disk, never on NFS.')
      .meta({ 'x-restart': true })
      .prefault('/var/lib/lumbar-node'),
    watermark: size(
      'Free space below which new images are refused, transiently, so that modalities try again; and delivered images are removed at once, whatever retention.images says.',
      {
        min: '16MiB',
        max: '100TiB',
      },
    ).prefault('5GiB'),
    ballast: size(
      'Size of a file that is deleted first when the disk is full, so that the database can still write; it comes back when there is space.',
      { min: '0B', max: '10GiB' },
    ).prefault('64MiB'),
  })
  .meta({ description: 'Where images, results and the database live.' });

const console_ = z
  .strictObject({
    enabled: z
      .boolean()
      .meta({ description: 'Whether the web console and /metrics run.', 'x-restart': true })
      .default(true),
    host: host(
      'Address of the web console. Beyond loopback it needs a password and TLS, or a reverse proxy in front.',
    )
      .meta({ 'x-restart': true })
      .prefault('127.0.0.1'),
    port: port('Port of the web console; 0 lets the system choose.')
      .meta({ 'x-restart': true })
      .default(8080),
    password: secret('Password for the user "admin" of the console.').optional(),
    tls: z
      .strictObject({
        certificate: path('PEM file with the certificate chain of the console.'),
        key: path('PEM file with its private key.'),
      })
      .meta({ description: 'HTTPS for the console.', 'x-restart': true })
      .optional(),
    behindProxy: z
      .boolean()
      .meta({
        description:
          'True when a reverse proxy ends TLS in front of the console, so that it may listen beyond loopback without its own certificate.',
      })
      .default(false),
  })
  .superRefine((value, context) => {
    if (/^(127\.|localhost$|::1$)/.test(value.host)) return;
    if (value.password === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['host'],
        message: 'the console listens beyond loopback but has no password',
        params: { help: 'add "password: ${file:/etc/lumbar-node/console.password}" or use 127.0.0.1' },
      });
    }
    if (value.tls === undefined && !value.behindProxy) {
      context.addIssue({
        code: 'custom',
        path: ['host'],
        message: 'the console listens beyond loopback without TLS',
        params: { help: 'add "tls:" with certificate and key, or "behindProxy: true" when a proxy does it' },
      });
    }
  })
  .meta({ description: 'The read-mostly web console, /healthz, /readyz and /metrics.' });

const model = z
  .strictObject({
    folder: path('Folder that holds the model packages, one folder each. Relative: counts from the program.')
      .meta({ 'x-restart': true })
      .prefault('models'),
    id: z
      .string()
      .min(1)
      .meta({
        description:
          'Name of the package to run. Absent: the package that `model activate` chose, or the only one there is.',
        'x-restart': true,
      })
      .optional(),
    providers: z
      .array(z.enum(['cuda', 'webgpu', 'cpu']))
      .min(1)
      .meta({
        description: 'Execution providers in the order to try; what fails is recorded and the next is tried.',
        'x-restart': true,
      })
      .default(['cuda', 'webgpu', 'cpu']),
    map: z
      .enum(['last', 'stride16'])
      .meta({
        description:
          'Feature map that Grad-CAM explains: "last" costs nothing; "stride16" has four times as many cells, for packages that bring the second graph, at 1.7 times more model time and twice the memory. The model card says how often each map meets the finding.',
        'x-restart': true,
      })
      .default('last'),
    threads: z
      .int()
      .min(0)
      .max(256)
      .meta({
        description: 'Threads for one inference; 0 takes one per physical core.',
        'x-unit': 'threads',
        'x-restart': true,
      })
      .default(0),
    timeout: duration(
      'Time one image may take in the model; then the worker is killed and the image counted as failed once.',
      { min: '1s', max: '1h' },
    ).prefault('60s'),
    signature: z
      .enum(['off', 'required'])
      .meta({
        description:
          'Whether a package must be signed: required refuses one whose list of files (SHA256SUMS) does not carry the signature (SHA256SUMS.sig, Ed25519) of publicKey. docs/security.md says how to sign.',
        'x-restart': true,
      })
      .default('off'),
    publicKey: path('PEM file with the Ed25519 public key that packages are signed with.')
      .meta({ 'x-restart': true })
      .optional(),
    allowRollback: z
      .boolean()
      .meta({
        description:
          'Whether a package may run that is older than one that has run here. `model rollback` and `model activate` go back without it; it is for packages exchanged by hand.',
        'x-restart': true,
      })
      .default(false),
    attempts: z
      .int()
      .min(1)
      .max(10)
      .meta({ description: 'How often an image is tried before it ends as failed.' })
      .default(3),
  })
  .superRefine((value, context) => {
    if (value.signature === 'required' && value.publicKey === undefined) {
      context.addIssue({
        code: 'custom',
        path: ['signature'],
        message: 'packages must be signed, but no key can check a signature',
        params: { help: 'add "publicKey: /etc/lumbar-node/model.pub" beside it' },
      });
    }
  })
  .meta({ description: 'The classifier.' });

const retention = z
  .strictObject({
    images: duration(
      'Time a received image stays after its results are delivered (and committed where that is configured).',
      { min: '0d', max: '10y' },
    ).prefault('7d'),
    results: duration('Time a result object stays after its delivery.', { min: '1d', max: '30y' }).prefault(
      '180d',
    ),
    quarantine: duration('Time a quarantined or held image stays.', { min: '1d', max: '10y' }).prefault(
      '30d',
    ),
    audit: duration(
      'Time an audit row stays; the EU AI Act asks for at least six months, HIPAA for six years.',
      { min: '180d', max: '100y' },
    ).prefault('6y'),
    schedule: z
      .string()
      .regex(/^\S+( \S+){4}$/, 'a schedule has five fields, such as "17 3 * * *"')
      .meta({
        description: 'When retention runs: minute, hour, day of month, month, weekday (cron), local time.',
        'x-unit': 'cron',
      })
      .default('17 3 * * *'),
    batch: z
      .int()
      .min(1)
      .max(10_000)
      .meta({ description: 'Rows removed in one transaction.', 'x-unit': 'rows' })
      .default(500),
  })
  .meta({ description: 'When things are deleted. Nothing goes before it is delivered.' });

const backup = z
  .strictObject({
    directory: path(
      'Folder for backups (database, settings, which model was active). Another disk is better. Absent: <storage.directory>/backup.',
    ).optional(),
    schedule: z
      .string()
      .regex(/^\S+( \S+){4}$/, 'a schedule has five fields, such as "47 2 * * *"')
      .meta({ description: 'When the backup runs (cron, local time).', 'x-unit': 'cron' })
      .default('17 * * * *'),
    keep: z
      .int()
      .min(1)
      .max(365)
      .meta({ description: 'How many of the newest backups are kept.', 'x-unit': 'backups' })
      .default(24),
    keepDaily: z
      .int()
      .min(0)
      .max(3650)
      .meta({
        description: 'From how many days the last backup is kept as well (days in UTC).',
        'x-unit': 'days',
      })
      .default(14),
  })
  .meta({ description: 'Backups: a checked copy on a schedule, every hour unless set otherwise.' });

const audit = z
  .strictObject({
    syslog: z
      .strictObject({
        host: host('Audit record repository (IHE ATNA ITI-20).'),
        port: port('Port of the repository; syslog over TLS (RFC 5425).').default(6514),
        ca: path('PEM file with the authorities of the repository. Absent: the system store.').optional(),
        certificate: path('PEM file with the certificate that this node shows.').optional(),
        key: path('PEM file with its private key.').optional(),
      })
      .superRefine((value, context) => {
        if ((value.certificate === undefined) !== (value.key === undefined)) {
          context.addIssue({
            code: 'custom',
            message: 'certificate and key belong together; one of them is missing',
          });
        }
      })
      .meta({
        description:
          'Where audit messages are also sent (PS3.15 A.5 over syslog and TLS). Absent: kept here only.',
      })
      .optional(),
  })
  .meta({ description: 'The audit log; it is always kept in the database, hash-chained.' });

const log = z
  .strictObject({
    level: z
      .enum(['error', 'warn', 'info', 'debug'])
      .meta({ description: 'Least important level written to the log (JSON lines on standard output).' })
      .default('info'),
  })
  .meta({ description: 'The operational log. It never holds patient identifiers.' });

const institution = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: 'Institution Name (0008,0080) of the equipment that makes the results.' })
      .optional(),
    department: z
      .string()
      .min(1)
      .max(64)
      .meta({ description: 'Institutional Department Name (0008,1040).' })
      .optional(),
    stationName: z
      .string()
      .min(1)
      .max(16)
      .meta({ description: 'Station Name (0008,1010) of this node.' })
      .optional(),
  })
  .meta({ description: 'How this node names its place in the results.' });

/** The settings of node.yaml, by top-level key. */
export const nodeSettings = {
  aeTitle: aeTitle('AE title of this node; a sender must call exactly this.').meta({ 'x-restart': true }),
  institution: institution.prefault({}),
  timeZone: timeZone('Time zone of dates in results, schedules and usual hours.').prefault('UTC'),
  charsetDefault: z
    .enum(singleCharacterSets)
    .meta({
      description:
        'Character set assumed for images whose text is not ASCII and that declare none. Absent: such an image is held (Q04).',
    })
    .optional(),
  listener: listener.prefault({}),
  storage: storage.prefault({}),
  console: console_.prefault({}),
  model: model.prefault({}),
  retention: retention.prefault({}),
  backup: backup.prefault({}),
  audit: audit.prefault({}),
  log: log.prefault({}),
} as const;
