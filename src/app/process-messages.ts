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
  /** The child wants to be replaced: it holds too much memory or has done its share of jobs. */
  | { readonly kind: 'recycle' };

export type DrainReason = 'shutdown' | 'replacement';

/** What the supervisor tells a child. */
export type SupervisorMessage =
  | { readonly kind: 'wake' }
  /** Finish what is in hand and leave: the service stops, or this process is replaced by a fresh one. */
  | { readonly kind: 'drain'; readonly why: DrainReason }
  | { readonly kind: 'reload' }
  /** To `admin` alone: how every process stands. */
  | { readonly kind: 'processes'; readonly processes: readonly ProcessState[] };

export function isChildMessage(value: unknown): value is ChildMessage {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
