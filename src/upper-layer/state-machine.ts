/**
 * The DICOM upper-layer state machine of PS3.8 9.2 (Tables 9-6 to 9-10) as data. Pure: it says which action comes next
 * and in which state the machine is then; `connection.ts` carries the actions out.
 */

/** Sta1 to Sta13 (PS3.8 Tables 9-1 to 9-5). */
export type State = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13;

/** Evt1 to Evt19 in the order of PS3.8 Table 9-10. */
export const events = [
  'associate-request', // Evt1, local user
  'transport-connected', // Evt2
  'associate-ac-received', // Evt3
  'associate-rj-received', // Evt4
  'transport-indication', // Evt5
  'associate-rq-received', // Evt6
  'accept-response', // Evt7, local user
  'reject-response', // Evt8, local user
  'data-request', // Evt9, local user
  'data-received', // Evt10
  'release-request', // Evt11, local user
  'release-rq-received', // Evt12
  'release-rp-received', // Evt13
  'release-response', // Evt14, local user
  'abort-request', // Evt15, local user
  'abort-received', // Evt16
  'transport-closed', // Evt17
  'artim-expired', // Evt18
  'invalid-pdu-received', // Evt19
] as const;

export type UpperLayerEvent = (typeof events)[number];

/** Action names of PS3.8 Tables 9-6 to 9-9. */
export type Action =
  | `AE-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `DT-${1 | 2}`
  | `AR-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10}`
  | `AA-${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`;

/** What an event in a state calls for. AE-6 and AR-8 have two outcomes; the caller's facts choose. */
export interface Transition {
  readonly action: Action;
  readonly next: State;
}

/** The two facts that PS3.8 lets decide a next state. */
export interface Facts {
  /** AE-6: the service provider can take the request (protocol version, application context). */
  readonly requestAcceptable: boolean;
  /** AR-8: this side requested the association. */
  readonly isRequestor: boolean;
}

const nextState: Record<Action, State | ((facts: Facts) => State)> = {
  'AE-1': 4,
  'AE-2': 5,
  'AE-3': 6,
  'AE-4': 1,
  'AE-5': 2,
  'AE-6': (facts) => (facts.requestAcceptable ? 3 : 13),
  'AE-7': 6,
  'AE-8': 13,
  'DT-1': 6,
  'DT-2': 6,
  'AR-1': 7,
  'AR-2': 8,
  'AR-3': 1,
  'AR-4': 13,
  'AR-5': 1,
  'AR-6': 7,
  'AR-7': 8,
  'AR-8': (facts) => (facts.isRequestor ? 9 : 10),
  'AR-9': 11,
  'AR-10': 12,
  'AA-1': 13,
  'AA-2': 1,
  'AA-3': 1,
  'AA-4': 1,
  'AA-5': 1,
  'AA-6': 13,
  'AA-7': 13,
  'AA-8': 13,
};

type Cell = Action | '';
type Row = readonly [Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell, Cell];

// PS3.8 Table 9-10, one row an event, columns Sta1 to Sta13; an empty cell is an event that cannot happen there.
// biome-ignore format: the table is read against the standard's.
const table: Record<UpperLayerEvent, Row> = {
  'associate-request':     ['AE-1', '', '', '', '', '', '', '', '', '', '', '', ''],
  'transport-connected':   ['', '', '', 'AE-2', '', '', '', '', '', '', '', '', ''],
  'associate-ac-received': ['', 'AA-1', 'AA-8', '', 'AE-3', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-6'],
  'associate-rj-received': ['', 'AA-1', 'AA-8', '', 'AE-4', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-6'],
  'transport-indication':  ['AE-5', '', '', '', '', '', '', '', '', '', '', '', ''],
  'associate-rq-received': ['', 'AE-6', 'AA-8', '', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-7'],
  'accept-response':       ['', '', 'AE-7', '', '', '', '', '', '', '', '', '', ''],
  'reject-response':       ['', '', 'AE-8', '', '', '', '', '', '', '', '', '', ''],
  'data-request':          ['', '', '', '', '', 'DT-1', '', 'AR-7', '', '', '', '', ''],
  'data-received':         ['', 'AA-1', 'AA-8', '', 'AA-8', 'DT-2', 'AR-6', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-6'],
  'release-request':       ['', '', '', '', '', 'AR-1', '', '', '', '', '', '', ''],
  'release-rq-received':   ['', 'AA-1', 'AA-8', '', 'AA-8', 'AR-2', 'AR-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-6'],
  'release-rp-received':   ['', 'AA-1', 'AA-8', '', 'AA-8', 'AA-8', 'AR-3', 'AA-8', 'AA-8', 'AR-10', 'AR-3', 'AA-8', 'AA-6'],
  'release-response':      ['', '', '', '', '', '', '', 'AR-4', 'AR-9', '', '', 'AR-4', ''],
  'abort-request':         ['', '', 'AA-1', 'AA-2', 'AA-1', 'AA-1', 'AA-1', 'AA-1', 'AA-1', 'AA-1', 'AA-1', 'AA-1', ''],
  'abort-received':        ['', 'AA-2', 'AA-3', '', 'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-3', 'AA-2'],
  'transport-closed':      ['', 'AA-5', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AA-4', 'AR-5'],
  'artim-expired':         ['', 'AA-2', '', '', '', '', '', '', '', '', '', '', 'AA-2'],
  'invalid-pdu-received':  ['', 'AA-1', 'AA-8', '', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-8', 'AA-7'],
};

/** The transition for an event in a state (PS3.8 Table 9-10), or undefined where the standard leaves the cell empty. */
export function transition(state: State, event: UpperLayerEvent, facts: Facts): Transition | undefined {
  const action = table[event][state - 1];
  if (action === undefined || action === '') return undefined;
  const next = nextState[action];
  return { action, next: typeof next === 'function' ? next(facts) : next };
}
