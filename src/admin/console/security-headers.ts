import type { MiddlewareHandler } from 'hono';

/**
 * No script runs, nothing is fetched from elsewhere, nobody frames or caches a page. `form-action` and
 * `frame-ancestors` are not covered by `default-src` and are said apart.
 */
const pagePolicy =
  "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': pagePolicy,
  'X-Content-Type-Options': 'nosniff',
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'same-origin',
  'Permissions-Policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=()',
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'X-Robots-Tag': 'noindex, nofollow',
  'Cache-Control': 'no-store',
};

/** Puts the security headers on every answer; one that a page has set itself is kept. */
export function securityHeaders(encrypted: 'tls' | 'plain'): MiddlewareHandler {
  return async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(headers))
      if (!context.res.headers.has(name)) context.header(name, value);
    if (encrypted === 'tls') context.header('Strict-Transport-Security', 'max-age=31536000');
  };
}
