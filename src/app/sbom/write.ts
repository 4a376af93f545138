/** Entry of bin/sbom: reads what `npm sbom` says from standard input, writes the completed bill to standard output. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { readManifest } from '../../pipeline/model-package.ts';
import { openDatabase } from '../../store/database.ts';
import { product } from '../product.ts';
import { type Additions, type Bill, completeBill } from './bill.ts';

const packages = join(product.root, 'node_modules');
const bill = JSON.parse(readFileSync(0, 'utf8')) as Bill;
const names = new Set(bill.components.map(({ name }) => name));
const completed = completeBill(bill, {
  nativeFiles: nativeFiles([...names]),
  linked: [
    ...runtimeLibraries(),
    ...imageLibraries(),
    { name: 'sqlite', version: sqliteVersion(), within: 'better-sqlite3' },
  ],
  models: models(),
});
process.stdout.write(`${JSON.stringify(completed, null, 2)}\n`);

/** Compiled code for this platform in the packages that run. */
function nativeFiles(packageNames: readonly string[]): Additions['nativeFiles'] {
  const foreign = /(darwin|win32|musl|arm64|\bmac\b|\bwin\b)/;
  return packageNames
    .map((name) => join(packages, name))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && /\.(node|wasm)$|\.so(\.\d+)*$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !foreign.test(relative(packages, path)))
    .map((path) => ({ path: relative(packages, path), bytes: readFileSync(path) }));
}

/** V8, OpenSSL, zlib and the rest of what Node is built from. */
function runtimeLibraries(): Additions['linked'] {
  return Object.entries(process.versions).flatMap(([name, version]) =>
    version === undefined || version === '' ? [] : [{ name, version, within: 'node' }],
  );
}

/** What libvips brings, as its own package states it. */
function imageLibraries(): Additions['linked'] {
  return readdirSync(join(packages, '@img'))
    .filter((name) => name.startsWith('sharp-libvips-'))
    .flatMap((name) => {
      const versions = JSON.parse(
        readFileSync(join(packages, '@img', name, 'versions.json'), 'utf8'),
      ) as Record<string, string>;
      return Object.entries(versions).map(([library, version]) => ({
        name: library,
        version,
        within: `@img/${name}`,
      }));
    });
}

function sqliteVersion(): string {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-sbom-'));
  try {
    const database = openDatabase(join(folder, 'empty.sqlite'));
    const row = database.sql<{ version: string }>('SELECT sqlite_version() AS version').get();
    database.close();
    return row?.version ?? 'unknown';
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function models(): Additions['models'] {
  const folder = join(product.root, 'models');
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => existsSync(join(folder, entry.name, 'manifest.json')))
    .map((entry) => readManifest(join(folder, entry.name)))
    .map((manifest) => {
      if (!manifest.ok) throw manifest.error;
      return manifest.value;
    });
}
