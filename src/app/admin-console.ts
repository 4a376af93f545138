import { readFileSync } from 'node:fs';
import { consoleApp } from '../admin/console/console-app.ts';
import { type HttpServer, startHttpServer } from '../admin/console/http-server.ts';
import { LoginGate } from '../admin/console/login-gate.ts';
import { NodeMetrics } from '../admin/metrics.ts';
import { hostClock } from '../store/store.ts';
import { AuditFollower } from './audit-follower.ts';
import { type ConsoleWatches, consolePorts } from './console-ports.ts';
import type { Runtime } from './runtime.ts';

/** Starts the console on its configured address, with login and TLS as configured. */
export async function startConsole(runtime: Runtime, watches: ConsoleWatches): Promise<HttpServer> {
  const { config, store, log } = runtime;
  const { password, tls, host, port, behindProxy } = config.console;
  const metrics = new NodeMetrics({
    senders: config.senders.map(({ aeTitle }) => aeTitle),
    destinations: config.pacs.map(({ name }) => name),
    lookups: {
      analysis: (instanceId) => store.monitor.analysis(instanceId),
      receivedAtMs: (objectId) => store.monitor.receivedAtMs(objectId),
    },
  });
  const follower = new AuditFollower(store);
  const app = consoleApp({
    ports: consolePorts(runtime, watches, async () => {
      while (follower.follow((row) => metrics.count(row)) === 'more') await turn();
      follower.save();
      return {
        text: await metrics.expose(watches.readings(), watches.drift.findings().findings),
        contentType: metrics.contentType,
      };
    }),
    access: {
      proxy: behindProxy ? 'in-front' : 'none',
      ...(password === undefined ? {} : { gate: new LoginGate(password, hostClock) }),
      onRefused: (peerIp, detail) => {
        log.event('LOGIN_REFUSED', { peerIp, detail });
        store.audit.append('LOGIN_REFUSED', { peerIp, detail });
      },
    },
    encrypted: tls === undefined ? 'plain' : 'tls',
    onError: (error) => log.event('PAGE_FAILED', { detail: 'a page of the console' }, error),
  });
  return startHttpServer({
    host,
    port,
    fetch: (request, bindings) => app.fetch(request, bindings),
    ...(tls === undefined
      ? {}
      : { tls: { certificate: readFileSync(tls.certificate, 'utf8'), key: readFileSync(tls.key, 'utf8') } }),
  });
}

/** Lets other requests run between two batches. */
function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
