import type { Command } from 'commander';

/** What every verb gets: the configuration folder asked for, and the way to leave. */
export interface VerbContext {
  /** Read when the verb runs: the option may stand before or behind the verb. */
  readonly configFolder: () => string;
  /** Sets the exit code; the process ends when the verb's action has resolved. */
  readonly exit: (code: number) => void;
}

/** Adds one verb, or one noun with its verbs, to the program. Modules a verb needs are imported in its action. */
export type RegisterVerb = (program: Command, context: VerbContext) => void;
