import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { type AccessOptions, access, type ConsoleEnvironment } from './access.ts';
import { formRoutes } from './form-routes.ts';
import { FormTokens } from './form-token.ts';
import { sentencePage } from './found-page.ts';
import { healthRoutes } from './health-routes.ts';
import { page } from './page.ts';
import { pageRoutes } from './page-routes.ts';
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
  const tokens = new FormTokens(() => ports.nowMs());
  app.use(securityHeaders(encrypted));
  app.use(access(accessOptions));
  for (const [name, type] of [
    ['style.css', 'text/css; charset=utf-8'],
    ['icon.svg', 'image/svg+xml'],
  ] as const) {
    const text = readFileSync(join(import.meta.dirname, name), 'utf8');
    app.get(`/${name}`, (context) =>
      context.body(text, 200, { 'Content-Type': type, 'Cache-Control': 'private, max-age=300' }),
    );
  }
  app.route('/', healthRoutes(ports));
  app.route('/', pageRoutes(ports, tokens));
  app.route('/', formRoutes(ports, tokens));
  app.notFound((context) =>
    context.html(page(ports.site, sentencePage('Not here', 'There is no such page.')), 404),
  );
  app.onError((error, context) => {
    onError(error);
    return context.text('This page could not be made. The log of the node says why.\n', 500);
  });
  return app;
}
