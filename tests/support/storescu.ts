import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** How DCMTK's `storescu` says that one file ended. */
export type StorescuEnd =
  | { readonly kind: 'answered'; readonly sopInstanceUid: string; readonly status: number }
  /** The node took no presentation context for it. */
  | { readonly kind: 'context-refused'; readonly sopClassUid: string }
  /** The node ended the association over it. */
  | { readonly kind: 'aborted' }
  /** DCMTK itself cannot read or send it. */
  | { readonly kind: 'not-sendable'; readonly why: string };

export interface StorescuOptions {
  readonly program: string;
  readonly port: number;
  readonly callingAeTitle: string;
  readonly calledAeTitle: string;
  /** Proposed one by one, so that each file goes in the transfer syntax it has. At most 128. */
  readonly contexts: readonly { readonly sopClassUid: string; readonly transferSyntaxUid: string }[];
}

/**
 * Sends files over as few associations as possible: one, and another one after each that was aborted. Every file has
 * an end in the result; a file that storescu did not come to is sent again.
 */
export async function storescu(
  files: readonly string[],
  options: StorescuOptions,
): Promise<ReadonlyMap<string, StorescuEnd>> {
  const folder = mkdtempSync(join(tmpdir(), 'lumbar-storescu-'));
  try {
    const profile = join(folder, 'storescu.cfg');
    writeFileSync(profile, profileOf(options.contexts));
    const ends = new Map<string, StorescuEnd>();
    for (let rest = files; rest.length > 0; ) {
      const found = readLog(await run(profile, rest, options), rest);
      if (found.size === 0) throw new Error(`storescu came to none of ${rest.length} files`);
      for (const [file, end] of found) ends.set(file, end);
      rest = rest.filter((file) => !ends.has(file));
    }
    return ends;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** DCMTK's association profile (docs/asconfig.txt of DCMTK). */
function profileOf(contexts: StorescuOptions['contexts']): string {
  const syntaxes = [...new Set(contexts.map(({ transferSyntaxUid }) => transferSyntaxUid))];
  const label = (uid: string) => `T${uid.replaceAll('.', '_')}`;
  return [
    '[[TransferSyntaxes]]',
    ...syntaxes.flatMap((uid) => [`[${label(uid)}]`, `TransferSyntax1 = ${uid}`]),
    '[[PresentationContexts]]',
    '[All]',
    ...contexts.map(
      ({ sopClassUid, transferSyntaxUid }, index) =>
        `PresentationContext${index + 1} = ${sopClassUid}\\${label(transferSyntaxUid)}`,
    ),
    '[[Profiles]]',
    '[All]',
    'PresentationContexts = All',
    '',
  ].join('\n');
}

function run(profile: string, files: readonly string[], options: StorescuOptions): Promise<string> {
  const { program, port, callingAeTitle, calledAeTitle } = options;
  const titles = ['-aet', callingAeTitle, '-aec', calledAeTitle];
  const child = spawn(
    program,
    ['-d', '-nh', '-xf', profile, 'All', ...titles, '127.0.0.1', String(port), ...files],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TCP_NODELAY: '1' } },
  );
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString('latin1');
    });
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(log));
  });
}

function readLog(log: string, files: readonly string[]): Map<string, StorescuEnd> {
  const ends = new Map<string, StorescuEnd>();
  if (log.includes('No Acceptable Presentation Contexts')) {
    for (const file of files) ends.set(file, { kind: 'context-refused', sopClassUid: '' });
    return ends;
  }
  for (const [, file = '', why = ''] of log.matchAll(/^[EW]: Bad DICOM file: (.*?): (.*)$/gm))
    ends.set(file, { kind: 'not-sendable', why });
  const [, ...parts] = log.split(/^I: Sending file: /m);
  for (const part of parts) {
    const file = part.slice(0, part.indexOf('\n'));
    const end = endOf(part);
    // What follows an abort was tried on a dead association: nobody has seen it.
    if (end === undefined) break;
    ends.set(file, end);
    if (end.kind === 'aborted') break;
  }
  return ends;
}

function endOf(part: string): StorescuEnd | undefined {
  const refused = /No presentation context for: \(.*?\) ([\d.]+)/.exec(part);
  if (refused !== null) return { kind: 'context-refused', sopClassUid: refused[1] ?? '' };
  const status = /^D: DIMSE Status +: 0x([0-9a-f]{4})/m.exec(part);
  const uid = /^D: Affected SOP Instance UID +: (\S*)/m.exec(part);
  if (status !== null && part.includes('Received Store Response')) {
    return {
      kind: 'answered',
      sopInstanceUid: uid?.[1] ?? '',
      status: Number.parseInt(status[1] ?? '', 16),
    };
  }
  if (part.includes('Peer aborted Association')) return { kind: 'aborted' };
  const why = /^[EF]: (?!Store Failed)(.*)$/m.exec(part);
  return why === null ? undefined : { kind: 'not-sendable', why: why[1] ?? '' };
}
