import type { z } from 'zod';
import { err, ok, type Result } from '../result.ts';
import { type ConfigFault, sortFaults } from './faults.ts';
import { plainIssues } from './issue-text.ts';
import { settingTree } from './setting-tree.ts';
import { readSources, type SourceFile } from './source-set.ts';

/** Reads YAML files as one mapping and checks it against a schema: the value, or every fault with its place. */
export function checkSources<S extends z.ZodType>(
  files: readonly SourceFile[],
  schema: S,
): Result<z.output<S>, readonly ConfigFault[]> {
  const set = readSources(files);
  const parsed = schema.safeParse(set.value);
  const root = settingTree(schema);
  const faults: ConfigFault[] = [...set.faults];
  for (const issue of parsed.error?.issues ?? []) {
    for (const plain of plainIssues(issue, root, set.value, set.written)) {
      const place = set.place(plain.path, plain.at);
      faults.push({
        file: place?.file ?? set.names.join(', '),
        span: place?.span,
        sourceLine: place?.sourceLine,
        path: plain.path.join('.'),
        message: plain.message,
        help: plain.help,
      });
    }
  }
  return parsed.success && faults.length === 0 ? ok(parsed.data) : err(sortFaults(faults, set.names));
}
