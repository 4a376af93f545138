import { mkdirSync } from 'node:fs';
import { type MiniPacs, type ReceivedObject, startMiniPacs } from '../../src/simulator/mini-pacs.ts';
import { hostClock } from '../../src/store/store.ts';
import { freePort } from '../../tests/support/ports.ts';

/** A good archive on dcmjs-dimse that keeps what it got, and can be away and come back on the same port. */
export interface Archive {
  readonly port: number;
  readonly received: ReceivedObject[];
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  close(): Promise<void>;
}

export interface ArchiveOptions {
  readonly folder?: string;
  readonly aeTitle?: string;
  readonly isAway?: true;
}

export async function startArchive(folder: string, options: ArchiveOptions = {}): Promise<Archive> {
  mkdirSync(folder, { recursive: true });
  const port = await freePort();
  const received: ReceivedObject[] = [];
  let pacs: MiniPacs | undefined;
  const comeBack = async (): Promise<void> => {
    pacs ??= await startMiniPacs({
      host: '127.0.0.1',
      port,
      aeTitle: options.aeTitle ?? 'DEMO_PACS',
      folder,
      nowMs: () => hostClock.nowMs(),
      onReceived: (object) => received.push(object),
    });
  };
  const leave = async (): Promise<void> => {
    await pacs?.close();
    pacs = undefined;
  };
  if (options.isAway === undefined) await comeBack();
  return { port, received, leave, comeBack, close: leave };
}
