import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { arch, cpus, release, tmpdir, totalmem } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import packageFile from '../../../package.json' with { type: 'json' };
import { type Finding, doctorText } from '../../admin/doctor/finding.ts';
import { redacted, redactedLog } from '../../admin/doctor/redaction.ts';
import { loadConfig } from '../../core/config/index.ts';
import { asNodeError } from '../../core/errors.ts';
import { withBooks } from '../books.ts';
import { product } from '../product.ts';
import { statusFacts } from '../status-facts.ts';
import { UsageError } from '../usage-error.ts';

const logLines = 500;

/** One file of the bundle, and what it is for the person who decides whether to send it. */
export interface BundleFile {
  readonly name: string;
  readonly about: string;
  readonly text: string;
}

/** Throws UsageError when the bundle could not be written afterwards: nobody should wait for that. */
export function assertWritable(path: string, logFile: string | undefined): void {
  if (existsSync(path)) throw new UsageError(`${path} exists already; a bundle never overwrites`);
  if (!existsSync(dirname(resolve(path)))) throw new UsageError(`${dirname(resolve(path))} does not exist`);
  if (logFile !== undefined && !existsSync(logFile)) throw new UsageError(`${logFile} does not exist`);
}

/** What somebody who helps needs, without patients and without secrets. */
export async function bundleFiles(
  configFolder: string,
  findings: readonly Finding[],
  logFile: string | undefined,
): Promise<BundleFile[]> {
  return [
    { name: 'doctor.txt', about: 'the check results above', text: doctorText(findings) },
    { name: 'doctor.json', about: 'the same, machine-readable', text: json(findings) },
    {
      name: 'configuration.json',
      about: 'every effective setting with its origin; secrets and paths of web addresses left out',
      text: json(effectiveSettings(configFolder)),
    },
    {
      name: 'status.json',
      about: 'figures of the status screen; words of other systems left out',
      text: json(redacted(await status(configFolder))),
    },
    {
      name: 'machine.json',
      about: 'versions, system, memory, user number, names of settings in the environment',
      text: json(machineFacts()),
    },
    ...(logFile === undefined
      ? []
      : [
          {
            name: 'log.jsonl',
            about: `the last ${logLines} lines of ${logFile}; details and UIDs of images left out`,
            text: redactedLog(readFileSync(logFile, 'utf8'), logLines),
          },
        ]),
  ];
}

/** What goes into the archive, before it is written. */
export function bundleList(path: string, files: readonly BundleFile[]): string {
  const width = Math.max(...files.map(({ name }) => name.length));
  const lines = files.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`);
  return [
    `${path} will hold:`,
    ...lines,
    'AE titles, host names and addresses of your network are in it; no patients and no secrets.',
    '',
  ].join('\n');
}

/** Writes the archive with the system's tar, readable by its owner alone. */
export async function writeBundle(path: string, files: readonly BundleFile[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-doctor-'));
  try {
    for (const { name, text } of files) writeFileSync(join(folder, name), text, { mode: 0o600 });
    writeFileSync(path, '', { mode: 0o600, flag: 'wx' });
    await promisify(execFile)('tar', [
      ...['--create', '--gzip', '--owner=0', '--group=0', '--numeric-owner'],
      ...[`--file=${resolve(path)}`, '--force-local', '-C', folder, ...files.map(({ name }) => name)],
    ]);
    chmodSync(path, 0o600);
    return statSync(path).size;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function effectiveSettings(configFolder: string): unknown {
  const loaded = loadConfig(configFolder, process.env);
  // The faulty lines themselves may hold a secret; the places are enough.
  if (!loaded.ok)
    return { faults: loaded.error.map(({ file, span, path }) => ({ file, line: span?.line, path })) };
  const { sha256, entries } = loaded.value;
  return {
    sha256,
    entries: entries.map(({ path, value, origin }) => ({ path, value: redacted(value), origin })),
  };
}

async function status(configFolder: string): Promise<unknown> {
  try {
    return await withBooks(configFolder, statusFacts);
  } catch (error) {
    // Without books there is no status, and doctor.txt says why.
    return { status: 'not readable', code: asNodeError(error).code };
  }
}

function machineFacts(): unknown {
  return {
    product: { name: product.name, version: product.version },
    versions: process.versions,
    dependencies: packageFile.dependencies,
    system: { platform: process.platform, release: release(), arch: arch(), distribution: distribution() },
    processors: { count: cpus().length, model: cpus()[0]?.model ?? null },
    memoryBytes: totalmem(),
    userId: process.getuid?.() ?? null,
    machineTimeZone: Intl.DateTimeFormat().resolvedOptions().timeZone,
    settingsInEnvironment: Object.keys(process.env)
      .filter((name) => name.startsWith('LUMBAR'))
      .toSorted(),
  };
}

function distribution(): string | null {
  const file = '/etc/os-release';
  if (!existsSync(file)) return null;
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(readFileSync(file, 'utf8'))?.[1] ?? null;
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
