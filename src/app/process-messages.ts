import type { LoadedConfig } from '../core/config/index.ts';
import type { EventFields, EventName } from '../core/events.ts';
import type { Folders } from './folders.ts';

/** The processes without which a node does not serve (docs/adr/0005), in the order in which they are drained. */
export const coreProcessNames = ['listener', 'worker', 'sender'] as const;

/** All processes of one node. `admin` looks on and tells people; no image ever waits for it. */
export const processNames = [...coreProcessNames, 'admin'] as const;

export type CoreProcessName = (typeof coreProcessNames)[number];
export type ProcessName = (typeof processNames)[number];

/** How one process stands, as the supervisor sees it. */
export interface ProcessState {
  readonly name: ProcessName;
  readonly state: 'serving' | 'starting' | 'down' | 'given-up';
  /** Deaths since the supervisor started. */
  readonly deaths: number;
  readonly rssBytes: number;
  readonly loopLagMs: number;
}

/**
 * What a process works by. The supervisor hands it over, so that a process that is replaced never reads a folder that
 * somebody is editing: a configuration counts from the moment it was accepted, everywhere or nowhere.
 */
export interface StartOrder {
  readonly loaded: LoadedConfig;
  readonly folders: Folders;
  /** Kept copy of what goes with the configuration: `wording/`, `codes.yaml`, `views/`. */
  readonly companionFolder: string;
  readonly bootId: string;
  /** The folder itself, for those that look whether it differs from what is in force. */
  readonly configFolder: string;
}

/** What a child tells the supervisor. Work itself never travels here: it is in the database. */
export type ChildMessage =
  /** The child serves; `port` is the TCP port of the listener or of the console. */
  | { readonly kind: 'ready'; readonly port?: number }
  /** There may be work for another process. Losing this message costs a polling interval, never a job. */
  | { readonly kind: 'wake'; readonly target: ProcessName }
  /** One job started; the supervisor kills the child when `timeoutMs` pass without `idle`. */
  | { readonly kind: 'busy'; readonly timeoutMs: number }
  | { readonly kind: 'idle' }
  /** Sent once a second; `loopLagMs` is how late the timer came. */
  | { readonly kind: 'alive'; readonly loopLagMs: number; readonly rssBytes: number }
  /** The listener wrote to the database, or answered its own C-ECHO, a moment ago. */
  | { readonly kind: 'healthy'; readonly check: 'database' | 'echo' }
  /** The child wants to be replaced: it holds too much memory, has done its share of jobs, or was told to reload. */
  | { readonly kind: 'recycle'; readonly why: string }
  /** The listener's answer to `reload`; `refused` says why it works on as before. */
  | { readonly kind: 'reloaded'; readonly refused?: string };

/** An event on its way to the one process that has log and audit open. */
export type EventRecord = {
  readonly [N in EventName]: { readonly name: N; readonly fields: EventFields<N> };
}[EventName];

export type DrainReason = 'shutdown' | 'replacement';

/** What the supervisor tells a child. */
export type SupervisorMessage =
  /** The first message of every child. */
  | { readonly kind: 'start'; readonly order: StartOrder }
  | { readonly kind: 'wake' }
  /** Finish what is in hand and leave: the service stops, or this process is replaced by a fresh one. */
  | { readonly kind: 'drain'; readonly why: DrainReason }
  | { readonly kind: 'reload'; readonly order: StartOrder }
  /** To the listener only: write this down; the supervisor opens no database. */
  | { readonly kind: 'record'; readonly event: EventRecord }
  /** To `admin` alone: how every process stands. */
  | { readonly kind: 'processes'; readonly processes: readonly ProcessState[] };

export function isChildMessage(value: unknown): value is ChildMessage {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
