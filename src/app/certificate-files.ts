import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import type { ConfigFault, LoadedConfig, NodeConfig } from '../core/config/index.ts';

/** One place of the configuration that names certificate files. */
export interface CertificateUse {
  /** Dotted path of the group: `listener.tls`, `pacs.0.tls`. */
  readonly setting: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly ca?: string | undefined;
}

/** Every certificate that the node shows or trusts, in the order of the schema. */
export function certificateUses(config: NodeConfig): readonly CertificateUse[] {
  const groups: readonly (readonly [string, Omit<CertificateUse, 'setting'> | undefined])[] = [
    ['listener.tls', config.listener.tls],
    ['console.tls', config.console.tls],
    ['audit.syslog', config.audit.syslog],
    ...config.pacs.map(({ tls }, index) => [`pacs.${index}.tls`, tls] as const),
  ];
  return groups.flatMap(([setting, files]) => {
    if (files === undefined) return [];
    const { certificate, key, ca } = files;
    return [{ setting, certificate, key, ca }];
  });
}

/** Faults of certificate files that a start or a reload would stumble over: unreadable, not PEM, key of another certificate. */
export function checkCertificateFiles({ config, entries }: LoadedConfig): readonly ConfigFault[] {
  const place = (path: string): string => {
    const origin = entries.find((entry) => entry.path === path)?.origin;
    if (origin?.kind === 'file') return `${origin.file}:${origin.line}`;
    return origin?.kind === 'environment' ? `environment variable ${origin.variable}` : path;
  };
  const fault = (path: string, message: string, help: string): ConfigFault => ({
    file: place(path),
    span: undefined,
    sourceLine: undefined,
    path,
    message,
    help,
  });
  return certificateUses(config).flatMap(({ setting, ...files }) => {
    const read: { certificate?: Buffer; key?: Buffer; ca?: Buffer } = {};
    const faults: ConfigFault[] = [];
    for (const name of ['certificate', 'key', 'ca'] as const) {
      const path = files[name];
      if (path === undefined) continue;
      try {
        read[name] = readFileSync(path);
      } catch (cause) {
        const code = String((cause as { code?: unknown }).code ?? cause);
        faults.push(
          fault(
            `${setting}.${name}`,
            `the file ${path} cannot be read (${code})`,
            'check the path and that the service user may read it',
          ),
        );
      }
    }
    if (faults.length > 0) return faults;
    const { certificate: cert, key, ca } = read;
    try {
      createSecureContext({ ...(cert && { cert }), ...(key && { key }), ...(ca && { ca }) });
      return [];
    } catch (cause) {
      const what = cause instanceof Error ? cause.message : String(cause);
      return [
        fault(
          `${setting}.${cert === undefined ? 'ca' : 'certificate'}`,
          `certificate and key cannot be used: ${what}`,
          'both must be PEM, and the key must belong to the certificate',
        ),
      ];
    }
  });
}
