import { once } from 'node:events';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { getRequestListener } from '@hono/node-server';

export interface HttpServerOptions {
  readonly host: string;
  readonly port: number;
  /** PEM texts; absent: plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  fetch(request: Request, bindings: object): Response | Promise<Response>;
}

export interface HttpServer {
  readonly port: number;
  /** Takes no new request and ends the open connections. */
  close(): Promise<void>;
}

/** The one door to @hono/node-server. Slow or silent callers are cut off, so that they hold no socket for long. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const listener = getRequestListener((request, bindings) => options.fetch(request, bindings));
  const limits = { requestTimeout: 30_000, headersTimeout: 10_000, keepAliveTimeout: 5000 };
  const { tls } = options;
  const server: Server =
    tls === undefined
      ? createPlainServer(limits, (request, response) => void listener(request, response))
      : createTlsServer(
          { ...limits, cert: tls.certificate, key: tls.key, minVersion: 'TLSv1.2' },
          (request, response) => void listener(request, response),
        );
  server.maxConnections = 100;
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : options.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
