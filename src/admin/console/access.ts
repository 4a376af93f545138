import type { Context, MiddlewareHandler } from 'hono';
import type { LoginGate } from './login-gate.ts';

/** What the HTTP server knows about a request beyond its text. */
export interface RequestBindings {
  readonly incoming: { readonly socket: { readonly remoteAddress?: string } };
}

export interface ConsoleEnvironment {
  Bindings: Partial<RequestBindings>;
}

export interface AccessOptions {
  /** Absent: no password is set and the console listens on loopback only. */
  readonly gate?: LoginGate;
  /** A reverse proxy stands in front, so the last address it added is the caller's. */
  readonly proxy: 'in-front' | 'none';
  onRefused(peerIp: string, detail: string): void;
}

const publicPaths: ReadonlySet<string> = new Set(['/healthz', '/readyz']);

/** Lets in who may see the console; `/healthz` and `/readyz` say nothing that needs a password. */
export function access(options: AccessOptions): MiddlewareHandler<ConsoleEnvironment> {
  const { gate } = options;
  return async (context, next) => {
    if (publicPaths.has(context.req.path)) return next();
    if (gate === undefined) return isLocalName(context.req.header('host')) ? next() : foreignName(context);
    const address = callerAddress(context, options.proxy);
    const verdict = gate.judge(context.req.header('authorization'), address);
    switch (verdict.kind) {
      case 'welcome':
        return next();
      case 'wait':
        context.header('Retry-After', String(verdict.retryAfterSeconds));
        return context.text(
          `Too many wrong passwords. Try again in ${verdict.retryAfterSeconds} seconds.\n`,
          429,
        );
      case 'refused':
        options.onRefused(address, 'wrong user name or password');
        return unauthorised(context);
      case 'ask':
        return unauthorised(context);
    }
  };
}

/** The address to blame: the peer's own, or the one a configured proxy saw. */
function callerAddress(context: Context<ConsoleEnvironment>, proxy: AccessOptions['proxy']): string {
  const forwarded = context.req.header('x-forwarded-for')?.split(',').at(-1)?.trim();
  if (proxy === 'in-front' && forwarded !== undefined && /^[0-9a-fA-F.:]{2,45}$/.test(forwarded))
    return forwarded;
  return context.env.incoming?.socket.remoteAddress ?? 'unknown';
}

/**
 * Without a password the console trusts whoever sits at this machine. A page from elsewhere whose name was pointed at
 * 127.0.0.1 (DNS rebinding) sits there too, but it cannot change the Host it asks for.
 */
function isLocalName(host: string | undefined): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?$/i.test(host ?? '');
}

function foreignName(context: Context) {
  return context.text('This console answers to localhost only. Open it as http://localhost.\n', 421);
}

function unauthorised(context: Context) {
  context.header('WWW-Authenticate', 'Basic realm="lumbar-node", charset="UTF-8"');
  return context.text('Log in as "admin" with the console password.\n', 401);
}
