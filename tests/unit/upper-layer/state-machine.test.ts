import { describe, expect, test } from 'vitest';
import {
  events,
  type State,
  transition,
  type UpperLayerEvent,
} from '../../../src/upper-layer/state-machine.ts';

/**
 * PS3.8 Table 9-10 read by state, as the prose of PS3.8 9.2.3 tells it: for each state the events that may occur
 * (by their number in the standard), the action and the state after it. Everything not listed is an empty cell.
 */
const byState: Record<State, Readonly<Record<number, readonly [action: string, next: number]>>> = {
  1: { 1: ['AE-1', 4], 5: ['AE-5', 2] },
  2: {
    3: ['AA-1', 13],
    4: ['AA-1', 13],
    6: ['AE-6', 3],
    10: ['AA-1', 13],
    12: ['AA-1', 13],
    13: ['AA-1', 13],
    16: ['AA-2', 1],
    17: ['AA-5', 1],
    18: ['AA-2', 1],
    19: ['AA-1', 13],
  },
  3: {
    3: ['AA-8', 13],
    4: ['AA-8', 13],
    6: ['AA-8', 13],
    7: ['AE-7', 6],
    8: ['AE-8', 13],
    10: ['AA-8', 13],
    12: ['AA-8', 13],
    13: ['AA-8', 13],
    15: ['AA-1', 13],
    16: ['AA-3', 1],
    17: ['AA-4', 1],
    19: ['AA-8', 13],
  },
  4: { 2: ['AE-2', 5], 15: ['AA-2', 1], 17: ['AA-4', 1] },
  5: { ...open(), 3: ['AE-3', 6], 4: ['AE-4', 1] },
  6: { ...open(), 9: ['DT-1', 6], 10: ['DT-2', 6], 11: ['AR-1', 7], 12: ['AR-2', 8] },
  7: { ...open(), 10: ['AR-6', 7], 12: ['AR-8', 10], 13: ['AR-3', 1] },
  8: { ...open(), 9: ['AR-7', 8], 14: ['AR-4', 13] },
  9: { ...open(), 14: ['AR-9', 11] },
  10: { ...open(), 13: ['AR-10', 12] },
  11: { ...open(), 13: ['AR-3', 1] },
  12: { ...open(), 14: ['AR-4', 13] },
  13: {
    3: ['AA-6', 13],
    4: ['AA-6', 13],
    6: ['AA-7', 13],
    10: ['AA-6', 13],
    12: ['AA-6', 13],
    13: ['AA-6', 13],
    16: ['AA-2', 1],
    17: ['AR-5', 1],
    18: ['AA-2', 1],
    19: ['AA-7', 13],
  },
};

/** What Sta5 to Sta12 have in common: any PDU not expected there is answered with a provider abort. */
function open(): Record<number, readonly [string, number]> {
  const abort: readonly [string, number] = ['AA-8', 13];
  return {
    3: abort,
    4: abort,
    6: abort,
    10: abort,
    12: abort,
    13: abort,
    19: abort,
    15: ['AA-1', 13],
    16: ['AA-3', 1],
    17: ['AA-4', 1],
  };
}

const states = Object.keys(byState).map((key) => Number(key) as State);

describe('transition (PS3.8 9.2, Table 9-10)', () => {
  test('knows 13 states and 19 events', () => {
    expect(states).toHaveLength(13);
    expect(events).toHaveLength(19);
  });

  test.each(states)('every one of the 19 events in Sta%i', (state) => {
    events.forEach((event: UpperLayerEvent, index) => {
      const expected = byState[state][index + 1];
      const step = transition(state, event, { requestAcceptable: true, isRequestor: false });
      expect(step, `Evt${index + 1} in Sta${state}`).toEqual(
        expected === undefined ? undefined : { action: expected[0], next: expected[1] },
      );
    });
  });

  test('AE-6 rejects a request that the provider cannot take (Sta2 to Sta13)', () => {
    expect(transition(2, 'associate-rq-received', { requestAcceptable: false, isRequestor: false })).toEqual({
      action: 'AE-6',
      next: 13,
    });
  });

  test('AR-8 in a release collision depends on who requested the association (Sta9 or Sta10)', () => {
    expect(transition(7, 'release-rq-received', { requestAcceptable: true, isRequestor: true })?.next).toBe(
      9,
    );
    expect(transition(7, 'release-rq-received', { requestAcceptable: true, isRequestor: false })?.next).toBe(
      10,
    );
  });
});
