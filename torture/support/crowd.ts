import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** What the crowd says of itself once a second. */
export interface CrowdFacts {
  /** Connections made so far; those that the node dropped come again a second later. */
  readonly opened: number;
  /** Connections that stand now, as far as this side knows. */
  readonly open: number;
}

export interface Crowd {
  readonly facts: CrowdFacts;
  stop(): void;
}

/**
 * As many connections as wanted that send nothing, or half a request, and never close, from a process of its own: made in
 * this one, they would delay the very C-ECHO that is measured.
 */
export function startCrowd(port: number, wanted: number): Crowd {
  const child: ChildProcess = fork(join(import.meta.dirname, 'crowd-process.ts'), [
    String(port),
    String(wanted),
  ]);
  let facts: CrowdFacts = { opened: 0, open: 0 };
  child.on('message', (message) => {
    facts = message as unknown as CrowdFacts;
  });
  return {
    get facts() {
      return facts;
    },
    stop: () => void child.kill('SIGKILL'),
  };
}
