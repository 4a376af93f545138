import { Hono } from 'hono';
import { readiness } from '../readiness.ts';
import type { ConsoleEnvironment } from './access.ts';
import type { ConsolePorts } from './ports.ts';

/** For machines: `/healthz` (this process answers), `/readyz` (the node takes images), `/metrics`. */
export function healthRoutes(ports: ConsolePorts): Hono<ConsoleEnvironment> {
  const routes = new Hono<ConsoleEnvironment>();
  routes.get('/healthz', (context) => context.text('ok\n'));
  routes.get('/readyz', (context) => {
    const { ready, checks } = readiness(ports.readings());
    return context.json({ schema: 1, ready, checks }, ready ? 200 : 503);
  });
  routes.get('/metrics', async (context) => {
    const { text, contentType } = await ports.metrics();
    return context.body(text, 200, { 'Content-Type': contentType });
  });
  return routes;
}
