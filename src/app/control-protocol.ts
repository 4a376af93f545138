import { z } from 'zod';
import type { LoadedConfig } from '../core/config/index.ts';

/**
 * What another program of this machine may ask a running node through `<data>/control.sock`: one JSON object a line,
 * one line back. The socket belongs to the service user with mode 0600, so only that user and root get here; the
 * operator's name is what the asking program says and goes into the audit.
 */
export const controlRequest = z.discriminatedUnion('verb', [
  z.strictObject({ verb: z.literal('status') }),
  /** What the node works by, for a command that reads while the files have faults. */
  z.strictObject({ verb: z.literal('configuration') }),
  /** What a reload would change; changes nothing. */
  z.strictObject({ verb: z.literal('difference') }),
  z.strictObject({ verb: z.literal('reload'), operator: z.string().min(1).max(64) }),
  /** There may be new work in the database. */
  z.strictObject({ verb: z.literal('wake'), operator: z.string().min(1).max(64) }),
  /** One process finishes what it holds and starts anew, for what it reads only at its start (the active model). */
  z.strictObject({
    verb: z.literal('recycle'),
    operator: z.string().min(1).max(64),
    process: z.string().min(1).max(32),
  }),
]);

export type ControlRequest = z.infer<typeof controlRequest>;

/** The state of a running node as it tells it; times are epoch milliseconds UTC. */
export interface NodeStatus {
  readonly schema: 1;
  readonly version: string;
  readonly pid: number;
  readonly bootId: string;
  readonly startedAtMs: number;
  readonly configFolder: string;
  /** Hash of the configuration in force, not of the one on disk. */
  readonly configSha256: string;
  /** Settings whose new value waits for a restart. */
  readonly waitingForRestart: readonly string[];
  /** A configuration on disk that was refused; null when there is none. */
  readonly staleConfig: { readonly sinceMs: number; readonly text: string } | null;
  /** True when every process serves. */
  readonly serving: boolean;
  readonly processes: Readonly<Record<string, { readonly pid: number | null; readonly port: number | null }>>;
}

export interface ReloadAnswer {
  readonly schema: 1;
  readonly result: 'unchanged' | 'reloaded' | 'refused';
  readonly configSha256: string;
  readonly text: string;
  readonly waitingForRestart: readonly string[];
}

/** What the files on disk would change; secrets are masked. */
export interface DifferenceAnswer {
  readonly schema: 1;
  readonly differs: boolean;
  readonly text: string;
}

/** The configuration in force, secrets masked. */
export interface ConfigurationAnswer {
  readonly schema: 1;
  readonly configFolder: string;
  readonly loaded: LoadedConfig;
}

/** `refused`: the request was understood and not carried out; the text says why. */
export type ControlAnswer =
  | {
      readonly ok: true;
      readonly value:
        | NodeStatus
        | ConfigurationAnswer
        | ReloadAnswer
        | DifferenceAnswer
        | { readonly schema: 1 };
    }
  | { readonly ok: false; readonly refused: string };

export const maxControlLine = 64 * 1024;
