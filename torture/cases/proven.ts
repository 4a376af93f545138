import type { TortureCase } from '../case.ts';
import { runExistingTests } from '../support/existing-tests.ts';

interface Proven extends Omit<TortureCase, 'run'> {
  readonly files: readonly string[];
  readonly named?: string;
}

/** Cases that tests of the project prove already: the bench runs those very files. */
const proven: readonly Proven[] = [
  {
    id: 'T01',
    title: 'plain client to the TLS port, TLS 1.0 and 1.1, weak ciphers',
    injects: 'DCMTK and openssl against a TLS listener',
    expects: 'refused, audited',
    files: ['tests/integration/scp-peers.test.ts'],
    named: 'BCP 195',
  },
  {
    id: 'T02',
    title: 'no, expired, foreign, revoked client certificate; certificate of another AE',
    injects: 'an openssl CA with all of them',
    expects: 'refused',
    files: ['tests/integration/access.test.ts', 'tests/unit/scp/association-policy.test.ts'],
  },
  {
    id: 'T03',
    title: 'DCMTK storescu with the BCP 195 profiles',
    injects: 'storescu +tls',
    expects: 'stored',
    files: ['tests/integration/scp-peers.test.ts'],
    named: 'BCP 195',
  },
  {
    id: 'T04',
    title: 'handshake stalls',
    injects: 'TCP connection to the TLS port without a ClientHello',
    expects: 'closed at the handshake timeout',
    files: ['tests/integration/scp-peers.test.ts'],
    named: 'T04',
  },
  {
    id: 'T05',
    title: 'certificate reload: good, broken, mismatched key',
    injects: 'reload while connections stand',
    expects: 'a good one is used by new connections, a broken one changes nothing',
    files: ['tests/integration/scp-peers.test.ts'],
    named: 'T05',
  },
  {
    id: 'D01',
    title: 'RLE, JPEG 2000, JPEG-LS, JPEG dimension bombs',
    injects: '68 bytes that ask for 8 GB, through the whole node',
    expects: 'refused before decoding, worker below 500 MB',
    files: ['tests/system/isolation.test.ts'],
    named: 'D01',
  },
  {
    id: 'D02',
    title: 'truncated and wrong codestreams, fragments missing, offset tables that lie',
    injects: 'generated and foreign broken files',
    expects: 'an error of the catalogue, never a throw',
    files: ['tests/unit/imaging/decode-frames.test.ts'],
  },
  {
    id: 'D05',
    title: 'Rows, Columns, Bits Stored, Pixel Data, rescale and photometric values that cannot be',
    injects: 'generated headers and pixels',
    expects: 'right, or refused with a reason',
    files: ['tests/unit/imaging/grayscale.test.ts', 'tests/unit/dicom/data-set.test.ts'],
  },
  {
    id: 'D06',
    title: 'worker hangs',
    injects: 'a worker that stands still in a job',
    expects: 'killed by its timer, counted once, done by the next worker',
    files: ['tests/system/isolation.test.ts'],
    named: 'D06',
  },
  {
    id: 'D08',
    title: 'decoding against other decoders, every accepted transfer syntax',
    injects: 'the files of shared/data, pixel hashes by DCMTK and GDCM',
    expects: '0 pixels differ',
    files: ['tests/unit/imaging/decode-frames.test.ts'],
    named: 'two other decoders',
  },
  {
    id: 'G02',
    title: 'a provider that answers nonsense',
    injects:
      'golden images that differ, after a fault and daily (another process filling GPU memory is not injectable without a GPU)',
    expects: 'fails closed, 0 wrong reports',
    files: ['tests/unit/app/model-gate.test.ts'],
  },
  {
    id: 'M01',
    title: 'model byte flipped, replaced at run time, symlink, truncated',
    injects: 'damaged packages; a node whose model is wrong',
    expects: 'refused and audited; the old session goes on',
    files: ['tests/unit/pipeline/model-signature.test.ts', 'tests/system/model-refused.test.ts'],
  },
  {
    id: 'M02',
    title: 'ONNX with external data, sparse initialisers, links',
    injects: 'generated model files',
    expects: 'refused before ONNX Runtime sees them',
    files: ['tests/unit/pipeline/onnx-file.test.ts', 'tests/unit/pipeline/model-signature.test.ts'],
  },
  {
    id: 'M03',
    title: 'signature wrong, missing, of another key; older version',
    injects: 'openssl Ed25519 keys and signatures',
    expects: 'refused; a step back needs allowRollback',
    files: ['tests/unit/pipeline/model-signature.test.ts', 'tests/unit/app/model-gate.test.ts'],
  },
  {
    id: 'M04',
    title: 'input all zero, all full, no contrast; statistics that are not numbers',
    injects: 'generated images and statistics',
    expects: 'a quality reason, no NaN in a report',
    files: ['tests/unit/pipeline/quality.test.ts', 'tests/unit/pipeline/rejection.test.ts'],
  },
  {
    id: 'S01',
    title: 'conformance of SR and SC',
    injects: 'dciodvfy, dcmdump, dsrdump, pydicom, PixelMed over produced objects',
    expects: '0 errors',
    files: [
      'tests/integration/results/validators.test.ts',
      'tests/integration/results/pydicom.test.ts',
      'tests/integration/results/pixelmed.test.ts',
    ],
  },
  {
    id: 'S03',
    title: 'patient and study attributes with their character sets, long and empty names',
    injects: 'ISO_IR 100, 192, GB18030, ISO 2022 sources',
    expects: 'the same text in the results',
    files: ['tests/unit/dicom/character-set.test.ts', 'tests/unit/results/study-context.test.ts'],
  },
  {
    id: 'O01',
    title: 'canary names in every text VR',
    injects: 'good and bad images whose every text names a canary',
    expects: '0 hits in logs, metrics, error replies',
    files: ['tests/system/no-patient-data.test.ts'],
  },
  {
    id: 'O02',
    title: 'audit record repository down, slow, closing, with a wrong certificate',
    injects: 'a fake RFC 5425 server',
    expects: 'the audit is kept and sent later, the data path is not delayed',
    files: ['tests/system/audit-repository.test.ts', 'tests/integration/admin'],
  },
  {
    id: 'O05',
    title: 'markup and formulas in names, in console, metrics and exports',
    injects: '<svg onload>, quotes, formulas as Patient Name and AE title',
    expects: 'escaped, label cardinality bounded',
    files: [
      'tests/unit/admin/audit-message.test.ts',
      'tests/integration/admin/console-pages.test.ts',
      'tests/integration/admin/audit.test.ts',
    ],
  },
  {
    id: 'O06',
    title: 'audit row edited, deleted, added, chain recomputed',
    injects: 'SQL on the database file',
    expects: 'verify finds it',
    files: ['tests/unit/store/audit.test.ts'],
  },
  {
    id: 'R11',
    title: 'configuration with unknown keys, wrong types, broken YAML; bad reload',
    injects: '36 broken configurations',
    expects: 'refused with file, line and caret',
    files: ['tests/unit/config/broken.test.ts', 'tests/unit/config/load.test.ts'],
  },
];

export const provenCases: readonly TortureCase[] = proven.map(({ files, named, ...about }) => ({
  ...about,
  run: (bench) => runExistingTests(bench, files, named),
}));
