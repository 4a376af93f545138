import type { Suite } from './measure.ts';
import { ingest } from './suites/ingest.ts';

/** Every suite, in the order of the table in docs/performance.md. */
export const suites: readonly Suite[] = [ingest];
