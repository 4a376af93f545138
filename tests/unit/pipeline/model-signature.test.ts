import { execFileSync } from 'node:child_process';
import {
  cpSync,
  linkSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { loadModelPackage, type ModelTrust } from '../../../src/pipeline/model-package.ts';
import { readPublicKey } from '../../../src/pipeline/model-signature.ts';
import { peer } from '../../support/peer.ts';

const openssl = peer('openssl');
const shipped = resolve(import.meta.dirname, '../../../models/lumbar-nano-sim');

function copyOfPackage(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-model-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(shipped, folder, { recursive: true });
  return folder;
}

const codeOf = (folder: string, trust?: ModelTrust) => {
  const loaded = loadModelPackage(folder, trust);
  return loaded.ok ? 'ok' : loaded.error.code;
};

function flipByte(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

describe('a model file that is not the one its manifest pins (M01)', () => {
  test('one flipped bit anywhere is refused', () => {
    const folder = copyOfPackage();
    expect(codeOf(folder)).toBe('ok');
    for (const at of [0, 1000, 100_000]) {
      flipByte(join(folder, 'model.onnx'), at);
      expect(codeOf(folder)).toBe('MODEL_HASH');
      flipByte(join(folder, 'model.onnx'), at);
    }
    expect(codeOf(folder)).toBe('ok');
  });

  test('a truncated or missing file is refused', () => {
    const folder = copyOfPackage();
    const bytes = readFileSync(join(folder, 'model.onnx'));
    writeFileSync(join(folder, 'model.onnx'), bytes.subarray(0, 5000));
    expect(codeOf(folder)).toBe('MODEL_HASH');
    rmSync(join(folder, 'model.onnx'));
    expect(codeOf(folder)).toBe('MODEL_INVALID');
  });

  test('a symbolic link out of the folder is refused, whatever it leads to', () => {
    const folder = copyOfPackage();
    const outside = copyOfPackage();
    rmSync(join(folder, 'model.onnx'));
    symlinkSync(join(outside, 'model.onnx'), join(folder, 'model.onnx'));
    expect(codeOf(folder)).toBe('MODEL_INVALID');
  });

  test('what is replaced after loading changes nothing: the session is made from the bytes that were hashed', () => {
    const folder = copyOfPackage();
    const loaded = loadModelPackage(folder);
    writeFileSync(join(folder, 'model.onnx'), 'something else');
    expect(
      loaded.ok && Buffer.from(loaded.value.bytes).equals(readFileSync(join(shipped, 'model.onnx'))),
    ).toBe(true);
  });
});

describe.skipIf(openssl === undefined)('a signature is required (Ed25519; M03)', () => {
  function signed(): {
    folder: string;
    trust: ModelTrust;
    key: (name: string) => string;
    sign: (key: string) => void;
  } {
    const folder = copyOfPackage();
    const keys = mkdtempSync(join(tmpdir(), 'lumbar-keys-'));
    onTestFinished(() => rmSync(keys, { recursive: true }));
    const key = (name: string) => join(keys, name);
    const run = (...args: readonly string[]) => execFileSync(openssl!, [...args], { stdio: 'pipe' });
    for (const name of ['site', 'other']) {
      run('genpkey', '-algorithm', 'ed25519', '-out', key(`${name}.key`));
      run('pkey', '-in', key(`${name}.key`), '-pubout', '-out', key(`${name}.pub`));
    }
    const sign = (name: string): void => {
      const sums = execFileSync('sh', ['-c', 'find . -type f ! -name "SHA256SUMS*" -exec sha256sum {} +'], {
        cwd: folder,
      });
      writeFileSync(join(folder, 'SHA256SUMS'), sums);
      run(
        ...['pkeyutl', '-sign', '-rawin', '-inkey', key(`${name}.key`)],
        ...['-in', join(folder, 'SHA256SUMS'), '-out', join(folder, 'SHA256SUMS.sig')],
      );
    };
    sign('site');
    const publicKey = readPublicKey(key('site.pub'));
    if (!publicKey.ok) throw publicKey.error;
    return { folder, trust: { publicKey: publicKey.value }, key, sign };
  }

  test('the package that openssl signed is taken', () => {
    const { folder, trust } = signed();
    expect(codeOf(folder, trust)).toBe('ok');
  });

  test.each<[string, (folder: string) => void]>([
    ['no signature', (folder) => rmSync(join(folder, 'SHA256SUMS.sig'))],
    ['a broken signature', (folder) => flipByte(join(folder, 'SHA256SUMS.sig'), 10)],
    ['a changed list', (folder) => writeFileSync(join(folder, 'SHA256SUMS'), '')],
    [
      'a manifest with other thresholds',
      (folder) => {
        const path = join(folder, 'manifest.json');
        writeFileSync(path, readFileSync(path, 'utf8').replace('"threshold"', '"threshold" '));
      },
    ],
    ['another bank of familiar images', (folder) => flipByte(join(folder, 'rejection-bank.f32'), 4)],
    [
      'another golden image',
      (folder) => {
        const manifest = JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')) as {
          golden: { file: string }[];
        };
        flipByte(join(folder, manifest.golden[0]!.file), 600);
      },
    ],
  ])('%s is refused', (_name, tamper) => {
    const { folder, trust } = signed();
    tamper(folder);
    expect(codeOf(folder, trust)).toBe('MODEL_SIGNATURE');
  });

  test('the signature of another key is refused', () => {
    const { folder, trust, sign } = signed();
    sign('other');
    expect(codeOf(folder, trust)).toBe('MODEL_SIGNATURE');
  });

  test('a key that is none, or of another kind, is told as such', () => {
    const { key } = signed();
    execFileSync(
      openssl!,
      ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', key('ec.key')],
      { stdio: 'pipe' },
    );
    for (const path of [key('absent.pub'), key('ec.key'), key('site.key')])
      expect(readPublicKey(path)).toMatchObject({ ok: false, error: { code: 'MODEL_SIGNATURE' } });
  });

  test('a hard link is a file like any other: its bytes decide', () => {
    const { folder, trust } = signed();
    const outside = join(folder, '..', `outside-${process.pid}.onnx`);
    renameSync(join(folder, 'model.onnx'), outside);
    onTestFinished(() => rmSync(outside, { force: true }));
    linkSync(outside, join(folder, 'model.onnx'));
    expect(codeOf(folder, trust)).toBe('ok');
    flipByte(outside, 77);
    expect(codeOf(folder, trust)).toBe('MODEL_HASH');
  });
});
