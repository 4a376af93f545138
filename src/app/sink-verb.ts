import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { counted, printable } from '../admin/text-layout.ts';
import { sopClassName } from '../dicom/sop-class.ts';
import { startMiniPacs } from '../simulator/mini-pacs.ts';
import { hostClock } from '../store/store.ts';
import { exitCodes } from './restart-policy.ts';

export interface SinkOptions {
  readonly port: number;
  readonly aeTitle: string;
  /** Where received objects are kept; absent: they are counted and thrown away. */
  readonly outputFolder?: string;
  readonly print: (line: string) => void;
  /** Ends the sink. */
  readonly signal: AbortSignal;
}

/**
 * `sink`: an archive for trials on loopback, in the foreground until the signal. One line per object: kind, size and
 * sender, nothing about a patient. Resolves to the exit code.
 */
export async function runSink({ port, aeTitle, outputFolder, print, signal }: SinkOptions): Promise<number> {
  const scratch = outputFolder === undefined ? mkdtempSync(join(tmpdir(), 'lumbar-sink-')) : undefined;
  const folder = scratch ?? resolve(outputFolder ?? '');
  let count = 0;
  try {
    const pacs = await startMiniPacs({
      host: '127.0.0.1',
      port,
      aeTitle,
      folder,
      nowMs: () => hostClock.nowMs(),
      onReceived: ({ path, sopClassUid, dataSetBytes, callingAeTitle }) => {
        count += 1;
        if (scratch !== undefined) rmSync(path);
        print(`${sopClassName(sopClassUid)}, ${dataSetBytes} bytes, from ${printable(callingAeTitle)}`);
      },
    });
    const kept = scratch === undefined ? `kept in ${folder}` : 'counted and thrown away; --out keeps them';
    print(
      `A sink for trials listens on 127.0.0.1:${pacs.port} as ${aeTitle}. Objects are ${kept}. Ctrl-C ends it.`,
    );
    await aborted(signal);
    await pacs.close();
    print(`${counted(count, 'object')} received.`);
    return exitCodes.ok;
  } catch (error) {
    const why = portFault(error as NodeJS.ErrnoException, port);
    if (why === undefined) throw error;
    print(why);
    return exitCodes.failed;
  } finally {
    if (scratch !== undefined) rmSync(scratch, { recursive: true, force: true });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function portFault({ code }: NodeJS.ErrnoException, port: number): string | undefined {
  if (code === 'EADDRINUSE')
    return `Port ${port} is in use: another program listens there. Choose another --port.`;
  if (code === 'EACCES')
    return `This user may not listen on port ${port}: ports below 1024 need rights. Choose another --port.`;
  return undefined;
}
