import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate authority made for one test, with the certificates it signed. */
export interface Pki {
  path(file: string): string;
  read(file: string): Buffer;
  /** `<name>.pem` and `<name>.key`, signed by `<authority>.pem`. */
  issue(name: string, options?: { readonly authority?: string; readonly days?: number }): void;
  authority(name: string): void;
  /** `<authority>.crl` that lists these certificates as revoked. */
  revoke(authority: string, ...names: readonly string[]): void;
  /** Lower-case hex SHA-256 of the certificate. */
  fingerprint(name: string): string;
  remove(): void;
}

export function makePki(openssl: string): Pki {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-pki-'));
  const run = (...args: readonly string[]) =>
    execFileSync(openssl, [...args], { cwd: folder, stdio: ['ignore', 'pipe', 'ignore'], encoding: 'utf8' });
  const key = (name: string) =>
    run('genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256', '-out', `${name}.key`);
  return {
    path: (file) => join(folder, file),
    read: (file) => readFileSync(join(folder, file)),
    authority: (name) => {
      key(name);
      run(
        'req',
        '-x509',
        '-new',
        '-key',
        `${name}.key`,
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-out',
        `${name}.pem`,
      );
    },
    issue: (name, { authority = 'ca', days = 2 } = {}) => {
      key(name);
      run(
        'req',
        '-new',
        '-key',
        `${name}.key`,
        '-subj',
        `/CN=${name}`,
        '-addext',
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        '-out',
        `${name}.csr`,
      );
      run(
        ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}.key`],
        ...['-CAcreateserial', '-copy_extensions', 'copy', '-days', String(days), '-out', `${name}.pem`],
      );
    },
    revoke: (authority, ...names) => {
      const text = `[ca]\ndefault_ca=x\n[x]\ndatabase=${authority}.index\ndefault_md=sha256\ndefault_crl_days=1\n`;
      writeFileSync(join(folder, `${authority}.cnf`), text);
      writeFileSync(join(folder, `${authority}.index`), '');
      const ca = (...args: readonly string[]) =>
        run(
          ...[
            'ca',
            '-config',
            `${authority}.cnf`,
            '-cert',
            `${authority}.pem`,
            '-keyfile',
            `${authority}.key`,
          ],
          ...args,
        );
      for (const name of names) ca('-revoke', `${name}.pem`);
      ca('-gencrl', '-out', `${authority}.crl`);
    },
    fingerprint: (name) =>
      run('x509', '-in', `${name}.pem`, '-noout', '-fingerprint', '-sha256')
        .split('=')[1]!
        .replaceAll(':', '')
        .trim()
        .toLowerCase(),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
