import { type Health, healthOf, percentile, type StatusFacts } from '../admin/status/status-report.ts';
import { statusText } from '../admin/status/status-text.ts';
import { withBooks } from './books.ts';
import { statusFacts } from './status-facts.ts';

export interface StatusAnswer {
  readonly health: Health;
  /** Complete output, with its line feed. */
  readonly text: string;
}

/** The whole `status` command except for writing and leaving. */
export function statusFromBooks(configFolder: string, format: 'text' | 'json'): Promise<StatusAnswer> {
  return withBooks(configFolder, async (books) => {
    const facts = await statusFacts(books);
    const answer = healthOf(facts, books.time);
    const text =
      format === 'text'
        ? statusText(facts, books.time)
        : `${JSON.stringify({ schema: 1, timeZone: books.time.zone, ...answer, ...facts, latency: latencyFigures(facts.latency) }, undefined, 2)}\n`;
    return { health: answer.health, text };
  });
}

function latencyFigures({ captureMs, reportMs }: StatusFacts['latency']) {
  const figures = (values: readonly number[]) => ({
    count: values.length,
    p50Ms: percentile(values, 0.5) ?? null,
    p95Ms: percentile(values, 0.95) ?? null,
  });
  return { capture: figures(captureMs), report: figures(reportMs) };
}
