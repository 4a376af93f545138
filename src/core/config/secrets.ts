import type { PathStep } from '../yaml-document.ts';
import type { Environment } from './environment.ts';

/** Reads a secret file; throws when it cannot. */
export type ReadSecretFile = (path: string) => string;

/** What replacing the references gave. `replaced` are the dotted paths that came from a reference. */
export interface Resolved {
  readonly value: unknown;
  readonly replaced: ReadonlySet<string>;
  readonly problems: readonly {
    readonly path: readonly PathStep[];
    readonly message: string;
    readonly help: string;
  }[];
}

const whole = /^\$\{(file|env):([^{}]+)\}$/;
const part = /\$\{(?:file|env):/;

/**
 * Replaces every value that is exactly `${file:/path}` or `${env:NAME}` by what it names (one trailing line end of
 * a file is dropped). Nothing else is substituted; a reference inside a longer text is a fault, not text.
 */
export function resolveReferences(
  value: unknown,
  environment: Environment,
  readFile: ReadSecretFile,
): Resolved {
  const replaced = new Set<string>();
  const problems: { path: readonly PathStep[]; message: string; help: string }[] = [];
  const visit = (inner: unknown, path: readonly PathStep[]): unknown => {
    if (Array.isArray(inner)) return inner.map((item: unknown, index) => visit(item, [...path, index]));
    if (typeof inner === 'object' && inner !== null) {
      return Object.fromEntries(
        Object.entries(inner).map(([key, item]) => [key, visit(item, [...path, key])]),
      );
    }
    if (typeof inner !== 'string' || !part.test(inner)) return inner;
    const [, kind, name = ''] = whole.exec(inner) ?? [];
    if (kind === undefined) {
      problems.push({
        path,
        message: 'a reference must be the whole value',
        help: 'write only ${file:/path} or ${env:NAME}; put the complete text into the file or variable',
      });
      return inner;
    }
    replaced.add(path.join('.'));
    if (kind === 'env') {
      const text = environment[name];
      if (text !== undefined && text !== '') return text;
      problems.push({
        path,
        message: `the environment variable ${name} is ${text === undefined ? 'not set' : 'empty'}`,
        help: 'set it in the unit file of the service, or use ${file:/path}',
      });
      return 'unresolved';
    }
    try {
      const text = readFile(name).replace(/\r?\n$/, '');
      if (text !== '') return text;
      problems.push({ path, message: `the file ${name} is empty`, help: 'write the secret into it' });
    } catch (cause) {
      const code = (cause as { code?: unknown }).code;
      const why =
        code === 'ENOENT'
          ? 'does not exist'
          : code === 'EACCES'
            ? 'may not be read by this user'
            : `cannot be read (${String(code ?? cause)})`;
      problems.push({
        path,
        message: `the file ${name} ${why}`,
        help: 'check the path and that the service user may read it',
      });
    }
    return 'unresolved';
  };
  return { value: visit(value, []), replaced, problems };
}
