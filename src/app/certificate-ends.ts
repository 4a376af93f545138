import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NodeConfig } from '../core/config/index.ts';

const againAfterMs = 3_600_000;

export interface CertificateEnd {
  readonly name: string;
  readonly endsAtMs: number;
}

/** When the certificates that this node shows end, read at most once an hour. One that cannot be read ended long ago. */
export class CertificateEnds {
  readonly #files: readonly { readonly name: string; readonly path: string }[];
  #known: { readonly atMs: number; readonly ends: readonly CertificateEnd[] } | undefined;

  constructor({ listener, console: { tls }, pacs, audit }: NodeConfig) {
    const files: readonly (readonly [string, string | undefined])[] = [
      ['listener', listener.tls?.certificate],
      ['console', tls?.certificate],
      ...pacs.map((one) => [one.name, one.tls?.certificate] as const),
      ['audit', audit.syslog?.certificate],
    ];
    this.#files = files.flatMap(([name, path]) => (path === undefined ? [] : [{ name, path }]));
  }

  ends(nowMs: number): readonly CertificateEnd[] {
    if (this.#known === undefined || nowMs - this.#known.atMs >= againAfterMs)
      this.#known = {
        atMs: nowMs,
        ends: this.#files.map(({ name, path }) => ({ name, endsAtMs: endOf(path) })),
      };
    return this.#known.ends;
  }
}

function endOf(path: string): number {
  try {
    return Date.parse(new X509Certificate(readFileSync(path)).validTo);
  } catch {
    // Unreadable is as bad as ended, and the alert names the same file.
    return 0;
  }
}
