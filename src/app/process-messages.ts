/** The three processes of one node (docs/adr/0005): a native crash in one never takes the others with it. */
export const processNames = ['listener', 'worker', 'sender'] as const;

export type ProcessName = (typeof processNames)[number];

/** What a child tells the supervisor. Work itself never travels here: it is in the database. */
export type ChildMessage =
  /** The child serves; `port` is the listener's TCP port. */
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

/** What the supervisor tells a child. */
export type SupervisorMessage =
  | { readonly kind: 'wake' }
  | { readonly kind: 'drain' }
  | { readonly kind: 'reload' };

export function isChildMessage(value: unknown): value is ChildMessage {
  return typeof value === 'object' && value !== null && 'kind' in value;
}
