import type { Suite } from './measure.ts';
import { composing } from './suites/composing.ts';
import { decoding } from './suites/decoding.ts';
import { inference } from './suites/inference.ts';
import { ingest } from './suites/ingest.ts';
import { sending } from './suites/sending.ts';

/** Every suite, in the order of the table in docs/performance.md. */
export const suites: readonly Suite[] = [ingest, sending, inference, composing, decoding];
