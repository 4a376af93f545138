import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { sentFileLine, sentSummary } from '../admin/peers/send-text.ts';
import { readPart10 } from '../dicom/part10-reader.ts';
import { operatorName } from './operator.ts';
import { peerTarget } from './peer-target.ts';
import { exitCodes } from './restart-policy.ts';
import { type HandSent, sendFiles } from './send-files.ts';
import { withWritableBooks } from './writable-books.ts';

/** What a sending command prints as it goes on, and how it ends. */
export interface SendOutput {
  readonly format: 'text' | 'json';
  /** Text with its line feed. */
  readonly print: (text: string) => void;
}

/**
 * `send`: Part 10 files to a destination as they are, byte for byte after the file meta information. Audited before and
 * after in the operator's name, by numbers and never by file name. Resolves to the exit code.
 */
export function sendByHand(
  configFolder: string,
  paths: readonly string[],
  peer: string,
  { format, print }: SendOutput,
): Promise<number> {
  return withWritableBooks(configFolder, async ({ store, loaded }) => {
    const target = peerTarget(loaded, peer);
    const operator = operatorName();
    const files: HandSent[] = [];
    for (const path of paths) files.push(await handSent(path));
    store.audit.append('OPERATOR_ACTION', {
      operator,
      action: 'sends files by hand',
      destination: peer,
      count: files.length,
    });
    const ends = await sendFiles(target, files, (file) => {
      if (format === 'text') print(`${sentFileLine(file)}\n`);
    });
    const stored = ends.filter(({ end }) => end.kind === 'stored').length;
    store.audit.append('OPERATOR_ACTION', {
      operator,
      action: 'sent files by hand',
      destination: peer,
      count: stored,
      detail: `${stored} of ${ends.length} stored`,
    });
    print(
      format === 'text'
        ? sentSummary(ends, peer)
        : `${JSON.stringify({ schema: 1, peer, stored, total: ends.length, files: ends }, undefined, 2)}\n`,
    );
    return stored === ends.length ? exitCodes.ok : exitCodes.failed;
  });
}

async function handSent(path: string): Promise<HandSent> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    return { file: path, unreadable: whyUnreadable(error as NodeJS.ErrnoException) };
  }
  const read = readPart10(bytes);
  if (!read.ok) return { file: path, unreadable: read.error.message };
  const { dataSet, transferSyntax } = read.value;
  const sopClassUid = dataSet.string('SOPClassUID');
  const sopInstanceUid = dataSet.string('SOPInstanceUID');
  if (sopClassUid === undefined || sopInstanceUid === undefined)
    return { file: path, unreadable: 'it names no SOP Class or SOP Instance, as a DICOMDIR does' };
  return {
    file: path,
    object: {
      sopClassUid,
      sopInstanceUid,
      transferSyntaxUid: transferSyntax.uid,
      open: () => createReadStream(path),
    },
  };
}

function whyUnreadable({ code, message }: NodeJS.ErrnoException): string {
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EISDIR') return 'this is a folder; name the files in it';
  return code === 'EACCES' ? 'this user may not read it' : message;
}
