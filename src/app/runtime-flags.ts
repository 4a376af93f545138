import type { ProcessName } from './process-messages.ts';

/**
 * V8's flags for a child process. Listener and sender turn over megabytes of buffers that live for milliseconds: with
 * the usual young generation (16 MiB a half) a hundred megabytes of them, and what was promoted meanwhile, wait for a
 * collection that an idle process never makes. A half of 1 MiB is collected as often as it fills, which costs no
 * measurable time, and keeps the resident set near what is really in use (N13, N19, F01, L05 of docs/reliability.md).
 */
export function runtimeFlags(name: ProcessName | 'refuser'): readonly string[] {
  switch (name) {
    case 'listener':
    case 'sender':
    case 'refuser':
      return ['--max-semi-space-size=1'];
    case 'worker':
      // An image passes through in some 30 MB of buffers. Measured against a heap of 25 MB they look like growth, and
      // V8 collects the whole heap once or twice per image, 20 ms each; with this allowance once in ten.
      return ['--initial-old-space-size=128'];
    default:
      return [];
  }
}
