/** What the view filter kept of its decision, read back from JSON; anything missing or odd is left out. */
export interface SeenEvidence {
  readonly votes: readonly {
    readonly dimension: string;
    readonly attribute: string;
    readonly seen: string;
    readonly vote: string;
    readonly isSiteDictionary: boolean;
    readonly rank: number;
  }[];
  readonly steps: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
}

export function readEvidence(value: unknown): SeenEvidence {
  const root = asObject(value);
  return {
    votes: asList(root['votes']).map((vote) => {
      const { dimension, attribute, seen, vote: said, source, rank } = asObject(vote);
      return {
        dimension: asText(dimension),
        attribute: asText(attribute),
        seen: asText(seen),
        vote: asText(said),
        isSiteDictionary: source === 'site dictionary',
        rank: typeof rank === 'number' ? rank : 0,
      };
    }),
    steps: asList(root['steps']).map(asText),
    attributes: Object.fromEntries(
      Object.entries(asObject(root['attributes'])).map(([key, text]) => [key, asText(text)]),
    ),
  };
}

/** What the analysis record says about the picture and the classes. */
export interface SeenAnalysis {
  readonly classes: readonly {
    readonly id: string;
    readonly label: string;
    readonly isFinding: boolean;
    readonly probability: number;
    readonly threshold: number;
    readonly called: string;
  }[];
  /** Undefined when no map was made. */
  readonly mapReliability: string | undefined;
  readonly seriesNumber: number | undefined;
  readonly instanceNumber: number | undefined;
}

export function readAnalysisRecord(record: string | undefined): SeenAnalysis {
  const image = asObject(asObject(record === undefined ? undefined : parseJson(record))['image']);
  return {
    classes: asList(image['classes']).map((entry) => {
      const { id, label, role, probability, threshold, called } = asObject(entry);
      return {
        id: asText(id),
        label: asText(label),
        isFinding: role === 'finding',
        probability: asNumber(probability) ?? 0,
        threshold: asNumber(threshold) ?? 1,
        called: asText(called),
      };
    }),
    mapReliability: image['map'] === undefined ? undefined : asText(asObject(image['map'])['reliability']),
    seriesNumber: asNumber(image['seriesNumber']),
    instanceNumber: asNumber(image['instanceNumber']),
  };
}

/** Text of a column that this program wrote; something else in it must not break a page that explains. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function asText(value: unknown): string {
  return typeof value === 'string' ? value : typeof value === 'number' ? String(value) : '';
}

function asNumber(value: unknown): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
