import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type TLSSocket, type Server as TlsServer } from 'node:tls';
import { type Clock, systemClock } from '../core/clock.ts';
import type { NodeError } from '../core/errors.ts';
import { asNodeError } from '../core/errors.ts';
import { err, ok, type Result } from '../core/result.ts';
import { defaultMaxPduLength, defaultTimeouts, type UpperLayerTimeouts } from '../upper-layer/connection.ts';
import { systemTimers, type Timers } from '../upper-layer/timers.ts';
import { type AssociationPolicy, associationDecision, type PeerIdentity } from './association-policy.ts';
import type { ScpPorts } from './ports.ts';
import { Session, type SessionOptions } from './session.ts';
import { Spool } from './spool.ts';
import {
  clientCertificateOf,
  type ListenerTls,
  secureContextOptions,
  tlsServerOptions,
} from './tls-profile.ts';

export interface ListenerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** An already listening socket (systemd socket activation); replaces host and port. */
  readonly fd?: number;
  readonly policy: AssociationPolicy;
  readonly spoolDir: string;
  readonly tls?: ListenerTls;
  readonly maxPduLength?: number;
  readonly timeouts?: Partial<UpperLayerTimeouts>;
  readonly handshakeTimeoutMs?: number;
  /** Connections that have not yet asked for an association; one more drops the oldest. */
  readonly maxPending?: number;
  readonly maxPendingPerIp?: number;
  readonly clock?: Clock;
  readonly timers?: Timers;
}

/** What may change without a restart. */
export interface ListenerChanges {
  readonly policy?: AssociationPolicy;
  readonly tls?: ListenerTls;
  readonly maxPduLength?: number;
  readonly timeouts?: Partial<UpperLayerTimeouts>;
}

export interface Listener {
  readonly port: number;
  /** Associations that stand now. */
  openAssociations(): number;
  /** New policy and limits for new associations; new certificate for new connections. A bad certificate changes nothing. */
  reload(changes: ListenerChanges): Result<undefined, NodeError>;
  /**
   * Stops accepting, lets the messages in hand be answered, aborts the rest; after `graceMs` everything is aborted.
   * Resolves when every socket is destroyed. A second call waits for the first.
   */
  close(graceMs: number): Promise<void>;
}

/**
 * Connections that the kernel keeps for us while we are busy; more are dropped there, and a modality among them tries again
 * only after seconds. Linux caps it at net.core.somaxconn (4096).
 */
const backlog = 4096;
const lastWorkMs = 1_000;

/** Opens the door: makes the spool's folders, binds, and serves Verification, Storage and Storage Commitment results. */
export async function startListener(options: ListenerOptions, ports: ScpPorts): Promise<Listener> {
  const spool = await Spool.open(options.spoolDir);
  try {
    return await new Door(options, spool, ports).open();
  } catch (error) {
    await spool.close();
    throw error;
  }
}

class Door {
  readonly #options: ListenerOptions;
  readonly #spool: Spool;
  readonly #ports: ScpPorts;
  readonly #server: Server | TlsServer;
  #timeouts: UpperLayerTimeouts;
  #maxPduLength: number;
  readonly #timers: Timers;
  /** Transport connections without an association yet, oldest first. */
  readonly #pending = new Map<Socket, string>();
  readonly #sessions = new Set<Session>();
  readonly #work = new Set<Promise<void>>();
  #policy: AssociationPolicy;
  #isDraining = false;
  #closing: Promise<void> | undefined;
  #allGone: (() => void) | undefined;

  constructor(options: ListenerOptions, spool: Spool, ports: ScpPorts) {
    this.#options = options;
    this.#spool = spool;
    this.#ports = ports;
    this.#policy = options.policy;
    this.#timeouts = { ...defaultTimeouts, ...options.timeouts };
    this.#maxPduLength = options.maxPduLength ?? defaultMaxPduLength;
    this.#timers = options.timers ?? systemTimers;
    if (options.tls === undefined) {
      this.#server = createServer((socket) => {
        this.#track(socket);
        this.#serve(socket, { ip: addressOf(socket) });
      });
      return;
    }
    const server = createTlsServer(tlsServerOptions(options.tls, options.handshakeTimeoutMs ?? 10_000));
    server.on('connection', (socket: Socket) => this.#track(socket));
    server.on('secureConnection', (socket) => this.#onSecured(socket));
    server.on('tlsClientError', (error, socket) => {
      this.#ports.events.record('TLS_REFUSED', { peerIp: addressOf(socket), detail: codeOf(error) });
      socket.destroy();
    });
    this.#server = server;
  }

  async open(): Promise<Listener> {
    const { host, port, fd } = this.#options;
    const target: ListenOptions | { readonly fd: number } =
      fd === undefined ? { host, port, backlog } : { fd };
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(target, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
    // EMFILE and the like on accept: the kernel keeps the connection in the backlog and we try again.
    this.#server.on('error', (error: Error) =>
      this.#ports.events.record('PROTOCOL_VIOLATION', { peerIp: '', detail: codeOf(error) }),
    );
    const address = this.#server.address();
    return {
      port: typeof address === 'object' && address !== null ? address.port : port,
      openAssociations: () => this.#openAssociations(),
      reload: (changes) => this.#reload(changes),
      close: (graceMs) => (this.#closing ??= this.#close(graceMs)),
    };
  }

  #openAssociations(): number {
    let count = 0;
    for (const session of this.#sessions) if (session.callingAeTitle !== undefined) count++;
    return count;
  }

  #reload(changes: ListenerChanges): Result<undefined, NodeError> {
    if (changes.tls !== undefined && 'setSecureContext' in this.#server) {
      try {
        this.#server.setSecureContext(secureContextOptions(changes.tls));
      } catch (error) {
        return err(asNodeError(error));
      }
    }
    if (changes.policy !== undefined) this.#policy = changes.policy;
    if (changes.timeouts !== undefined) this.#timeouts = { ...defaultTimeouts, ...changes.timeouts };
    if (changes.maxPduLength !== undefined) this.#maxPduLength = changes.maxPduLength;
    return ok(undefined);
  }

  /** Half-open connections are cheap to make: a full house drops its oldest silent guest, never the one who just came. */
  #track(socket: Socket): void {
    const ip = addressOf(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#pending.delete(socket));
    this.#pending.set(socket, ip);
    const { maxPending = 256, maxPendingPerIp = 64 } = this.#options;
    const sameIp = [...this.#pending].filter(([, other]) => other === ip);
    if (sameIp.length > maxPendingPerIp) this.#drop(sameIp[0]?.[0]);
    else if (this.#pending.size > maxPending) this.#drop(this.#pending.keys().next().value);
  }

  #drop(socket: Socket | undefined): void {
    if (socket === undefined) return;
    this.#pending.delete(socket);
    socket.destroy();
  }

  #onSecured(socket: TLSSocket): void {
    const ip = addressOf(socket);
    const certificate = clientCertificateOf(socket);
    if (certificate.kind === 'refused') {
      this.#ports.events.record('TLS_REFUSED', { peerIp: ip, detail: certificate.why });
      socket.destroy();
      return;
    }
    this.#serve(socket, certificate.kind === 'none' ? { ip } : { ip, certificateSha256: certificate.sha256 });
  }

  #serve(socket: Socket, peer: PeerIdentity): void {
    this.#sessions.add(new Session(socket, peer, this.#sessionOptions(socket)));
  }

  #sessionOptions(socket: Socket): SessionOptions {
    const clock = this.#options.clock ?? systemClock;
    return {
      spool: this.#spool,
      maxObjectBytes: this.#policy.maxObjectBytes,
      minFreeBytes: () => this.#policy.minFreeBytes,
      clock,
      ports: this.#ports,
      track: (work) => {
        this.#work.add(work);
        void work.then(() => this.#work.delete(work));
      },
      maxPduLength: this.#maxPduLength,
      timeouts: this.#timeouts,
      timers: this.#timers,
      decide: (request, peer) => {
        const decision = associationDecision(request, peer, this.#policy, {
          openAssociations: this.#openAssociations(),
          openOfSender: (aeTitle) => this.#openOfSender(aeTitle),
          freeBytes: this.#ports.freeSpace.bytes(),
          isDraining: this.#isDraining,
        });
        if (decision.kind === 'accept') this.#forgetPending(socket);
        return decision;
      },
      closed: (session) => {
        this.#sessions.delete(session);
        if (this.#sessions.size === 0) this.#allGone?.();
      },
    };
  }

  /** With TLS the pending entry is the raw socket below; both have the same remote port. */
  #forgetPending(socket: Socket): void {
    for (const raw of this.#pending.keys()) {
      if (
        raw === socket ||
        (raw.remotePort === socket.remotePort && raw.remoteAddress === socket.remoteAddress)
      ) {
        this.#pending.delete(raw);
        return;
      }
    }
  }

  #openOfSender(aeTitle: string): number {
    let count = 0;
    for (const session of this.#sessions) if (session.callingAeTitle === aeTitle) count++;
    return count;
  }

  async #close(graceMs: number): Promise<void> {
    this.#isDraining = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const session of this.#sessions) session.drain();
    const gone = new Promise<void>((resolve) => {
      this.#allGone = resolve;
      if (this.#sessions.size === 0) resolve();
    });
    const grace = this.#timers.after(graceMs, () => {
      for (const session of this.#sessions) session.kill();
    });
    await gone;
    grace.cancel();
    for (const socket of this.#pending.keys()) socket.destroy();
    await closed;
    await this.#finishWork();
    await this.#spool.close();
  }

  /** Files whose association is gone are removed or kept whole; a database that hangs is not waited for. */
  async #finishWork(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const limit = this.#timers.after(lastWorkMs, () => resolve(undefined));
    await Promise.race([Promise.allSettled(this.#work), promise]);
    limit.cancel();
  }
}

function addressOf(socket: Socket): string {
  return (socket.remoteAddress ?? '').replace(/^::ffff:(?=\d+\.)/i, '');
}

function codeOf(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}
