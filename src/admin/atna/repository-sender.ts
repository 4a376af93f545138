import { isIP, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { type ConnectionOptions, connect } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { type AuditEntry, type AuditSource, auditMessage } from './audit-message.ts';
import { type SyslogOrigin, syslogFrame } from './syslog-message.ts';

/** The rows that wait, oldest first, and what became of them. */
export interface AuditQueue {
  unsent(limit: number): readonly AuditEntry[];
  markSent(seqs: readonly number[], nowMs: number): void;
  /** Makes the rows written in the last `windowMs` before the newest written one due again; returns how many. */
  resendLast(windowMs: number): number;
  /** Forgets that rows written before then were ever in the queue. */
  prune(beforeMs: number): number;
  /** The newest row of the hash chain. */
  head(): { readonly seq: number; readonly sha256: string };
}

export interface RepositorySenderOptions {
  readonly host: string;
  readonly port: number;
  /** Read before each connection, so that a renewed certificate is used by the next one. */
  readonly credentials: () => Pick<ConnectionOptions, 'ca' | 'cert' | 'key'>;
  readonly source: AuditSource;
  readonly origin: SyslogOrigin;
  readonly queue: AuditQueue;
  readonly clock: Clock;
  readonly events: { lost(detail: string): void; reached(): void };
  readonly timing?: Partial<RepositoryTiming>;
}

export interface RepositoryTiming {
  readonly connectMs: number;
  /** Longest wait for the repository to take what was written. */
  readonly writeMs: number;
  readonly pollMs: number;
  readonly firstRetryMs: number;
  readonly longestRetryMs: number;
  /** What was written this long before a connection was lost is written again. */
  readonly resendMs: number;
  /** A connection that the repository closes in good order this long after the last message took them all. */
  readonly settledMs: number;
  readonly anchorMs: number;
}

const defaultTiming: RepositoryTiming = {
  connectMs: 10_000,
  writeMs: 30_000,
  pollMs: 1000,
  firstRetryMs: 1000,
  longestRetryMs: 60_000,
  resendMs: 5 * 60_000,
  settledMs: 10_000,
  anchorMs: 60 * 60_000,
};

const batchRows = 100;
const keepSentMs = 24 * 60 * 60_000;

/**
 * Writes queued audit rows to an audit record repository: syslog over TLS (RFC 5425, PS3.15 A.6, IHE ITI-20) with
 * our certificate and the repository's checked. Syslog acknowledges nothing: a row counts as sent when the operating
 * system has taken it, and after a connection was lost, or this process was, the last five minutes are written again,
 * so that each message arrives at least once. Once an hour the head of the hash chain is written too, as an anchor outside this machine.
 */
export class RepositorySender {
  readonly #options: RepositorySenderOptions;
  readonly #timing: RepositoryTiming;
  #anchoredAtMs = Number.NEGATIVE_INFINITY;
  #wroteAtMs = Number.NEGATIVE_INFINITY;
  #isReached = false;

  constructor(options: RepositorySenderOptions) {
    this.#options = options;
    this.#timing = { ...defaultTiming, ...options.timing };
  }

  /** Runs until the signal; a repository that is away, slow or not the one it should be is tried again for ever. */
  async run(signal: AbortSignal): Promise<void> {
    const { events, queue, clock } = this.#options;
    let retryMs = this.#timing.firstRetryMs;
    queue.resendLast(this.#timing.resendMs);
    while (!signal.aborted) {
      const startedAtMs = clock.monotonicMs();
      const end = await this.#oneConnection(signal);
      if (end.why === stopped) return;
      const isSettled = end.isOrderly && clock.monotonicMs() - this.#wroteAtMs > this.#timing.settledMs;
      if (end.wasOpen && !isSettled) queue.resendLast(this.#timing.resendMs);
      this.#isReached = false;
      events.lost(end.why);
      // A connection that held for a while was a good one: the next try comes soon.
      const held = clock.monotonicMs() - startedAtMs;
      retryMs = held > this.#timing.longestRetryMs ? this.#timing.firstRetryMs : retryMs;
      await pause(retryMs, signal);
      retryMs = Math.min(retryMs * 2, this.#timing.longestRetryMs);
    }
  }

  async #oneConnection(signal: AbortSignal): Promise<ConnectionEnd> {
    let socket: Socket;
    try {
      socket = await this.#connect();
    } catch (error) {
      return { why: describe(error), wasOpen: false, isOrderly: false };
    }
    const ended = endOf(socket);
    try {
      while (!signal.aborted) {
        const fault = await Promise.race([this.#pump(socket, signal), ended]);
        if (typeof fault === 'object') return fault;
        if (fault !== undefined) return { why: fault, wasOpen: true, isOrderly: false };
      }
      return { why: stopped, wasOpen: true, isOrderly: true };
    } finally {
      socket.destroy();
    }
  }

  /** Writes one batch, or waits a moment when there is none. Resolves with undefined while all is well. */
  async #pump(socket: Socket, signal: AbortSignal): Promise<string | undefined> {
    const { queue, clock, source, origin, events } = this.#options;
    await this.#anchor(socket);
    const rows = queue.unsent(batchRows);
    if (rows.length === 0) {
      queue.prune(clock.nowMs() - keepSentMs);
      await pause(this.#timing.pollMs, signal);
      // Still open after a moment: with TLS 1.3 a refused certificate shows only after the handshake.
      if (socket.destroyed) return 'the connection was lost';
      if (!this.#isReached) events.reached();
      this.#isReached = true;
      return undefined;
    }
    const frames = rows.flatMap((row) => {
      const text = auditMessage(row, source);
      return text === undefined
        ? []
        : [syslogFrame({ atMs: row.atMs, messageId: 'DICOM+RFC3881', text }, origin)];
    });
    const fault = await this.#write(socket, Buffer.concat(frames));
    if (fault !== undefined) return fault;
    this.#wroteAtMs = clock.monotonicMs();
    queue.markSent(
      rows.map(({ seq }) => seq),
      clock.nowMs(),
    );
    return undefined;
  }

  async #anchor(socket: Socket): Promise<void> {
    const { queue, clock, origin } = this.#options;
    if (clock.monotonicMs() - this.#anchoredAtMs < this.#timing.anchorMs) return;
    const { seq, sha256 } = queue.head();
    const text = `audit chain head seq=${seq} sha256=${sha256}`;
    await this.#write(socket, syslogFrame({ atMs: clock.nowMs(), messageId: 'AUDIT-ANCHOR', text }, origin));
    this.#anchoredAtMs = clock.monotonicMs();
  }

  /** Resolves when the operating system has taken the bytes, or with why it did not in time. */
  async #write(socket: Socket, bytes: Buffer): Promise<string | undefined> {
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    const late = setTimeout(
      () => resolve(`it took nothing for ${this.#timing.writeMs} ms`),
      this.#timing.writeMs,
    );
    socket.write(bytes, (error) => resolve(error == null ? undefined : describe(error)));
    const fault = await promise;
    clearTimeout(late);
    return fault;
  }

  async #connect(): Promise<Socket> {
    const { host, port, credentials } = this.#options;
    const socket = connect({
      ...credentials(),
      host,
      port,
      minVersion: 'TLSv1.2',
      ...(isIP(host) === 0 ? { servername: host } : {}),
    });
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const late = setTimeout(
      () => reject(new Error(`no TLS connection within ${this.#timing.connectMs} ms`)),
      this.#timing.connectMs,
    );
    socket.once('secureConnect', () => resolve(undefined));
    socket.on('error', reject);
    try {
      await promise;
    } catch (error) {
      socket.destroy();
      throw error;
    } finally {
      clearTimeout(late);
    }
    socket.setKeepAlive(true, 60_000);
    return socket;
  }
}

const stopped = 'stopped';

interface ConnectionEnd {
  readonly why: string;
  readonly wasOpen: boolean;
  /** The repository said goodbye, rather than vanishing. */
  readonly isOrderly: boolean;
}

/** Resolves with how the connection ended. A repository never sends; that it closes is all it can say. */
function endOf(socket: Socket): Promise<ConnectionEnd> {
  return new Promise((resolve) => {
    const end = (why: string, isOrderly: boolean) => resolve({ why, wasOpen: true, isOrderly });
    socket.on('error', (error) => end(describe(error), false));
    socket.once('end', () => end('it closed the connection', true));
    socket.once('close', () => end('the connection was lost', false));
    socket.resume();
  });
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && typeof error.code === 'string'
    ? `${error.code}: ${error.message}`
    : error.message;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}
