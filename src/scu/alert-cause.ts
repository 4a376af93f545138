/**
 * What can need a person at a destination. `rejected`: it does not know us. `parked`: it refused an object for good.
 * `commitment-failed`: it does not have what it had taken. `no-commitment`: it has no such service.
 */
export type DestinationTrouble = 'rejected' | 'parked' | 'commitment-failed' | 'no-commitment';

/** Stable key of an alert, the same in every process, so that whoever sees the end can lift it. */
export function alertCause(destination: string, trouble: DestinationTrouble): string {
  return `${destination}:${trouble}`;
}
