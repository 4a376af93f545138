import type { CaseResult } from './evaluate.ts';

/** What the figures were measured on. */
export interface DataFacts {
  readonly file: string;
  /** Of the label list as read. */
  readonly sha256: string;
  readonly split: string | null;
  /** Rows that the list selects, and those of them that were run. */
  readonly listed: number;
  readonly images: number;
  readonly patients: number;
  readonly labels: Readonly<Record<string, number>>;
  /** Images that say of themselves that they were simulated. */
  readonly simulatedImages: number;
  /** Sets of rows with the same pixels: they count more than once, and differing labels contradict each other. */
  readonly duplicates: readonly DuplicateSet[];
}

export interface DuplicateSet {
  readonly lines: readonly number[];
  readonly labels: readonly string[];
  readonly contradiction: boolean;
}

export function dataFacts(
  cases: readonly CaseResult[],
  list: { readonly file: string; readonly sha256: string; readonly split?: string; readonly images: number },
): DataFacts {
  const labels: Record<string, number> = {};
  for (const { image } of cases) labels[image.label] = (labels[image.label] ?? 0) + 1;
  return {
    file: list.file,
    sha256: list.sha256,
    split: list.split ?? null,
    listed: list.images,
    images: cases.length,
    patients: new Set(cases.map(({ image }) => image.patientId)).size,
    labels,
    simulatedImages: cases.filter(({ answer }) => answer.simulated).length,
    duplicates: duplicateSets(
      cases.map(({ image, answer }) => ({ ...image, pixelSha256: answer.pixelSha256 })),
    ),
  };
}

/** Rows whose pixels are equal byte for byte, in the order of the list. */
export function duplicateSets(
  rows: readonly {
    readonly line: number;
    readonly label: string;
    readonly pixelSha256: string | undefined;
  }[],
): DuplicateSet[] {
  const byHash = new Map<string, { line: number; label: string }[]>();
  for (const { line, label, pixelSha256 } of rows) {
    if (pixelSha256 === undefined) continue;
    byHash.set(pixelSha256, [...(byHash.get(pixelSha256) ?? []), { line, label }]);
  }
  return [...byHash.values()]
    .filter((set) => set.length > 1)
    .map((set) => {
      const labels = [...new Set(set.map(({ label }) => label))];
      return { lines: set.map(({ line }) => line), labels, contradiction: labels.length > 1 };
    });
}
