import { join } from 'node:path';
import type { ProcessName, StartOrder } from './process-messages.ts';

/**
 * V8's flags for a child process. Listener and sender turn over megabytes of buffers that live for milliseconds: with
 * the usual young generation (16 MiB a half) a hundred megabytes of them, and what was promoted meanwhile, wait for a
 * collection that an idle process never makes. A half of 1 MiB is collected as often as it fills, an old generation that
 * grows by small steps gives back what a crowd of connections has used: no measurable time, and the resident set stays
 * near what is really in use (N13, N19, F01, L05 of docs/reliability.md).
 */
export function runtimeFlags(name: ProcessName | 'refuser'): readonly string[] {
  switch (name) {
    case 'listener':
    case 'sender':
    case 'refuser':
      return ['--max-semi-space-size=1', '--optimize-for-size'];
    case 'worker':
      // An image passes through in some 30 MB of buffers. Measured against a heap of 25 MB they look like growth, and
      // V8 collects the whole heap once or twice per image, 20 ms each; with this allowance once in ten.
      return ['--initial-old-space-size=128'];
    default:
      return [];
  }
}

/**
 * The environment of a child process. Node's compile cache lies in the data folder: a process that finds its modules
 * there does not load the compiler for their types, which takes 15 MB in each thread and half of a start.
 */
export function runtimeEnvironment(
  name: ProcessName | 'refuser',
  { folders }: { readonly folders: Pick<StartOrder['folders'], 'data'> },
): NodeJS.ProcessEnv {
  return {
    NODE_COMPILE_CACHE: join(folders.data, 'compile-cache'),
    // ONNX Runtime frees each weight once it has reordered it, a sender each picture once it is sent. By its own rule
    // glibc takes blocks of that size from one heap after the first is freed, and gives nothing of it back: 175 MB for
    // EfficientNetV2-M. The listener uses its large buffers again and need not map them each time.
    ...(name === 'worker' || name === 'sender' ? { MALLOC_MMAP_THRESHOLD_: String(256 * 1024) } : {}),
    // glibc gives each thread a heap of its own, and each of them keeps the most that it ever held. Node has ten threads
    // that hold little, seldom at the same time. The worker's compute side by side and would wait for one another.
    ...(name === 'worker' ? {} : { MALLOC_ARENA_MAX: '1' }),
    ...process.env,
  };
}
