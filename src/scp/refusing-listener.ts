import { once } from 'node:events';
import { createServer, type ListenOptions, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { acceptAssociation } from '../upper-layer/acceptor.ts';
import { defaultMaxPduLength, defaultTimeouts } from '../upper-layer/connection.ts';
import { systemTimers } from '../upper-layer/timers.ts';
import { type ListenerTls, tlsServerOptions } from './tls-profile.ts';

export interface RefusingListenerOptions {
  readonly host: string;
  readonly port: number;
  /** An already listening socket; replaces host and port. */
  readonly fd?: number;
  readonly tls?: ListenerTls;
}

export interface RefusingListener {
  readonly port: number;
  close(): Promise<void>;
}

/** Temporary congestion (PS3.8 Table 9-21): a modality keeps its images and tries again. */
const comeBackLater = { result: 2, source: 3, reason: 1 };
const maxConnections = 256;

/**
 * The door of a node that cannot trust its disk: it answers every A-ASSOCIATE-RQ with a transient reject, so that
 * modalities are told at once instead of running into silence. It has no spool, no database and no access list.
 */
export async function startRefusingListener(options: RefusingListenerOptions): Promise<RefusingListener> {
  const sockets = new Set<Socket>();
  const serve = (socket: Socket): void => {
    sockets.add(socket);
    refuse(socket, () => sockets.delete(socket));
  };
  const server: Server =
    options.tls === undefined
      ? createServer(serve)
      : createTlsServer(tlsServerOptions(options.tls, defaultTimeouts.artimTimeoutMs), serve);
  server.on('tlsClientError', (_error: Error, socket: Socket) => socket.destroy());
  server.maxConnections = maxConnections;
  const { host, port, fd } = options;
  const target: ListenOptions | { readonly fd: number } = fd === undefined ? { host, port } : { fd };
  server.listen(target);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function refuse(socket: Socket, closed: () => void): void {
  acceptAssociation({
    socket,
    maxPduLength: defaultMaxPduLength,
    maxDataSetBytes: 0,
    timeouts: defaultTimeouts,
    timers: systemTimers,
    handlers: {
      decide: () => ({ kind: 'reject', reject: comeBackLater }),
      established: () => undefined,
      command: () => undefined,
      ended: () => undefined,
      closed,
    },
  });
}
