/** A limit of the model's manifest against what was measured. */
export interface AcceptanceRow {
  readonly name: string;
  readonly limit: number;
  readonly bound: 'at least' | 'at most';
  /** NaN when this evaluation cannot measure it: such a limit is not met. */
  readonly measured: number;
  readonly met: boolean;
}

/** Names that are a ceiling; everything else is a floor. */
const ceilings = new Set(['ece', 'brier', 'nll', 'refused', 'parity', 'explainabilityFailureRatio']);

/**
 * Holds every limit against the figure of its name. Limits may be nested by class (`dls: { sensitivity: 0.85 }` is
 * `dls.sensitivity`). A name that is not measured here fails the evaluation: a limit must never pass unread.
 */
export function acceptanceRows(
  limits: Readonly<Record<string, unknown>>,
  measured: Readonly<Record<string, number>>,
): AcceptanceRow[] {
  return flatten(limits, '').map(([name, limit]): AcceptanceRow => {
    const value = measured[name] ?? Number.NaN;
    const last = name.split('.').at(-1) ?? name;
    const bound = ceilings.has(last) ? 'at most' : 'at least';
    const met = bound === 'at most' ? value <= limit : value >= limit;
    return { name, limit, bound, measured: value, met };
  });
}

function flatten(limits: Readonly<Record<string, unknown>>, prefix: string): [string, number][] {
  return Object.entries(limits).flatMap(([name, limit]): [string, number][] => {
    if (typeof limit === 'object' && limit !== null)
      return flatten(limit as Readonly<Record<string, unknown>>, `${prefix}${name}.`);
    return [[`${prefix}${name}`, typeof limit === 'number' ? limit : Number.NaN]];
  });
}
