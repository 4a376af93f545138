/** What a support bundle says in the place of something that is left out. */
export const leftOut = '(left out)';

/** Keys whose values lead to a patient, or are words of another system, which may quote one. */
const patientKeys =
  /accession|patient|instanceuid|instanceid|transactionuid|lasterror|jobid|objectid|^detail$|^message$/i;

/** A copy in which nothing leads to a patient and no address carries a secret. */
export function redacted(value: unknown): unknown {
  if (typeof value === 'string') return withoutSecretAddress(value);
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, isLeftOut(key, inner) ? leftOut : redacted(inner)]),
  );
}

function isLeftOut(key: string, value: unknown): boolean {
  return patientKeys.test(key) && value !== undefined && value !== null;
}

/** Webhooks and heartbeats carry their secret in the path: only the host stays. */
function withoutSecretAddress(text: string): string {
  return text.replaceAll(/\b(https?:\/\/)(?:[^\s/@"]*@)?([^\s/"]+)(\/[^\s"]*)?/g, `$1$2/${leftOut}`);
}

/** The last lines of the node's own log, each one an event of the catalogue; foreign lines are left out, and counted. */
export function redactedLog(text: string, lines: number): string {
  const last = text.trimEnd().split('\n').slice(-lines);
  let foreign = 0;
  const kept = last.flatMap((line) => {
    const event = parsedEvent(line);
    if (event === undefined) {
      foreign += 1;
      return [];
    }
    return [JSON.stringify(redacted(event))];
  });
  return [...kept, JSON.stringify({ linesLeftOut: foreign })].join('\n').concat('\n');
}

function parsedEvent(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null && 'event' in value ? value : undefined;
  } catch {
    // Not a line of ours.
    return undefined;
  }
}
