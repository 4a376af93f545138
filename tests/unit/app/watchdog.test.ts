import { describe, expect, test } from 'vitest';
import { activatedSocket } from '../../../src/app/socket-activation.ts';
import { type Vitals, vitalFault } from '../../../src/app/watchdog.ts';

const well: Vitals = {
  loopLagMs: { listener: 20, sender: 30, supervisor: 25 },
  databaseAgeMs: 5000,
  echoAgeMs: 5000,
  isRefusing: false,
};

describe('vitalFault (reliability 4.5)', () => {
  test('a node that turns, writes and answers is fed', () => {
    expect(vitalFault(well)).toBeUndefined();
    expect(vitalFault({ ...well, databaseAgeMs: 20_000, echoAgeMs: 20_000 })).toBeUndefined();
  });

  test.each<[Partial<Vitals>, string]>([
    [{ loopLagMs: { listener: 1200 } }, 'the event loop of the listener stood still for 1200 ms'],
    [{ loopLagMs: { supervisor: 61_000 } }, 'the event loop of the supervisor stood still for 61000 ms'],
    [{ databaseAgeMs: 20_001 }, 'nothing was written to the database for 20 s'],
    [{ echoAgeMs: 31_000 }, 'the node did not answer its own C-ECHO for 31 s'],
  ])('%o is told: %s', (change, why) => {
    expect(vitalFault({ ...well, ...change })).toBe(why);
  });

  test('while the disk is not trusted neither database nor echo is asked', () => {
    expect(vitalFault({ ...well, databaseAgeMs: 1e6, echoAgeMs: 1e6, isRefusing: true })).toBeUndefined();
  });
});

describe('activatedSocket (sd_listen_fds(3))', () => {
  test.each<[string, Record<string, string>, number | undefined]>([
    ['without activation', {}, undefined],
    ['for this process', { LISTEN_FDS: '1', LISTEN_PID: '42' }, 3],
    ['meant for another process', { LISTEN_FDS: '1', LISTEN_PID: '41' }, undefined],
    ['by name among several', { LISTEN_FDS: '2', LISTEN_PID: '42', LISTEN_FDNAMES: 'web:dicom' }, 4],
    ['the first when no name fits', { LISTEN_FDS: '2', LISTEN_PID: '42', LISTEN_FDNAMES: 'a:b' }, 3],
    ['nonsense', { LISTEN_FDS: 'many', LISTEN_PID: '42' }, undefined],
  ])('%s', (_name, environment, descriptor) => {
    expect(activatedSocket(environment, 42)).toBe(descriptor);
  });
});
