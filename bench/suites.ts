import type { Suite } from './measure.ts';
import { backlog } from './suites/backlog.ts';
import { books } from './suites/books.ts';
import { chain } from './suites/chain.ts';
import { composing } from './suites/composing.ts';
import { decoding } from './suites/decoding.ts';
import { growth } from './suites/growth.ts';
import { inference } from './suites/inference.ts';
import { ingest } from './suites/ingest.ts';
import { latency } from './suites/latency.ts';
import { memory } from './suites/memory.ts';
import { sending } from './suites/sending.ts';

/** Every suite, in the order of the table in docs/performance.md. */
export const suites: readonly Suite[] = [
  ingest,
  sending,
  inference,
  chain,
  latency,
  composing,
  decoding,
  memory,
  backlog,
  books,
  growth,
];
