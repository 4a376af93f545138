import type { Readings } from '../readings.ts';

/** What the console asks of the node. `src/app` joins it to the store. */
export interface ConsolePorts {
  readings(): Readings;
  /** Brings the counters up to date and gives the exposition text. */
  metrics(): Promise<{ readonly text: string; readonly contentType: string }>;
}
