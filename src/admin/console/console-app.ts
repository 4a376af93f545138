import { Hono } from 'hono';
import { type AccessOptions, access, type ConsoleEnvironment } from './access.ts';
import { healthRoutes } from './health-routes.ts';
import type { ConsolePorts } from './ports.ts';
import { securityHeaders } from './security-headers.ts';

export interface ConsoleAppOptions {
  readonly ports: ConsolePorts;
  readonly access: AccessOptions;
  readonly encrypted: 'tls' | 'plain';
  /** A page could not be made; the reader sees a plain sentence, the log gets the cause. */
  readonly onError: (error: unknown) => void;
}

/** The whole console as one function from request to response; a server or a test calls it. */
export function consoleApp({ ports, access: accessOptions, encrypted, onError }: ConsoleAppOptions) {
  const app = new Hono<ConsoleEnvironment>();
  app.use(securityHeaders(encrypted));
  app.use(access(accessOptions));
  app.route('/', healthRoutes(ports));
  app.onError((error, context) => {
    onError(error);
    return context.text('This page could not be made. The log of the node says why.\n', 500);
  });
  return app;
}
