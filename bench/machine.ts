import { execFileSync } from 'node:child_process';
import { cpus, release, totalmem } from 'node:os';

/** What a reader must know to compare figures. */
export interface MachineFacts {
  readonly processor: string;
  readonly cores: number;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly peers: Readonly<Record<string, string>>;
  readonly measuredAt: string;
}

const packages = ['dcmtk', 'orthanc', 'libgdcm-tools', 'python3-torch'];

export function machineFacts(): MachineFacts {
  const processors = cpus();
  return {
    processor: processors[0]?.model.trim() ?? 'unknown',
    cores: processors.length,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    kernel: release(),
    node: process.version,
    peers: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
    measuredAt: new Date().toISOString(),
  };
}

function versionOf(name: string): string {
  try {
    return execFileSync('dpkg-query', ['-W', '-f', '${Version}', name], {
      stdio: ['ignore', 'pipe', 'ignore'],
    }).toString();
  } catch {
    return 'not installed';
  }
}
