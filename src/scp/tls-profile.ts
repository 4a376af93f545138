import { createHash } from 'node:crypto';
import type { SecureContextOptions, TLSSocket, TlsOptions } from 'node:tls';

/** What the listener shows and asks for; PEM text, already read from its files. */
export interface ListenerTls {
  readonly certificate: string | Buffer;
  readonly key: string | Buffer;
  readonly ca?: string | Buffer;
  /** Revoked client certificates; with it every authority in `ca` needs a current list. */
  readonly crl?: string | Buffer;
  readonly clientCertificates: 'none' | 'optional' | 'required';
}

/** BCP 195 (RFC 9325 4.2) suites of PS3.15 B.12 for TLS 1.2; TLS 1.3 suites are all in the profile. */
const suites = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_AES_128_GCM_SHA256',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/** The part of the TLS settings that a reload may replace (`Server.setSecureContext`). */
export function secureContextOptions(tls: ListenerTls): SecureContextOptions {
  return {
    cert: tls.certificate,
    key: tls.key,
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.crl === undefined ? {} : { crl: tls.crl }),
    minVersion: 'TLSv1.2',
    ciphers: suites,
    honorCipherOrder: true,
  };
}

/** BCP 195 TLS Secure Transport Connection Profile (PS3.15 B.12), with client certificates as configured. */
export function tlsServerOptions(tls: ListenerTls, handshakeTimeoutMs: number): TlsOptions {
  return {
    ...secureContextOptions(tls),
    handshakeTimeout: handshakeTimeoutMs,
    requestCert: tls.clientCertificates !== 'none',
    // With "optional" the verdict is read from the socket: a wrong certificate is refused, none is not.
    rejectUnauthorized: tls.clientCertificates === 'required',
  };
}

export type ClientCertificate =
  | { readonly kind: 'none' }
  | { readonly kind: 'verified'; readonly sha256: string }
  | { readonly kind: 'refused'; readonly why: string };

/** What the peer showed, after the handshake. */
export function clientCertificateOf(socket: TLSSocket): ClientCertificate {
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined) return { kind: 'none' };
  if (!socket.authorized) {
    const why = (socket.authorizationError as Error | string | null | undefined) ?? 'not verified';
    return { kind: 'refused', why: why instanceof Error ? why.message : why };
  }
  return { kind: 'verified', sha256: createHash('sha256').update(certificate.raw).digest('hex') };
}
