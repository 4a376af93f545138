import { readFileSync } from 'node:fs';
import { readPart10 } from '../../dicom/part10-reader.ts';
import { duplicateSets } from '../../evaluation/data-facts.ts';
import type { EvaluationInputs } from './evaluation-inputs.ts';
import { pixelHash } from './pixel-hash.ts';

export interface DryRun {
  readonly labels: Readonly<Record<string, number>>;
  readonly patients: number;
  readonly problems: readonly string[];
}

/** Looks at the lists and opens every file, without a model: everything that would spoil an evaluation, by line. */
export function dryRun(
  inputs: EvaluationInputs,
  dataFile: string,
  onProgress: (done: number, total: number) => void,
): DryRun {
  const labels: Record<string, number> = {};
  const problems = [...inputs.problems];
  const hashes: { line: number; label: string; pixelSha256: string | undefined }[] = [];
  inputs.images.forEach(({ file, label, line }, index) => {
    labels[label] = (labels[label] ?? 0) + 1;
    const read = readHash(inputs.pathOf(file));
    if (typeof read === 'string') hashes.push({ line, label, pixelSha256: read });
    else if (read.problem !== undefined) problems.push(`${dataFile}: line ${line}: ${file} ${read.problem}`);
    onProgress(index + 1, inputs.images.length);
  });
  for (const { lines, contradiction, labels: names } of duplicateSets(hashes)) {
    problems.push(
      `${dataFile}: lines ${lines.join(', ')}: equal pixels${contradiction ? `, but different labels (${names.join(', ')})` : ', the image would count more than once'}`,
    );
  }
  return { labels, patients: new Set(inputs.images.map(({ patientId }) => patientId)).size, problems };
}

/** The hash, or why there is none; a missing file is a problem of the list already. */
function readHash(path: string): string | { readonly problem: string | undefined } {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    const missing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return { problem: missing ? undefined : `cannot be read: ${String(error)}` };
  }
  const file = readPart10(bytes);
  if (!file.ok) return { problem: `is not a DICOM file this node can read: ${file.error.message}` };
  const { pixelData } = file.value;
  return pixelData === undefined ? { problem: 'has no Pixel Data' } : pixelHash(pixelData);
}
