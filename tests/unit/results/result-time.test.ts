import { describe, expect, test } from 'vitest';
import { localTime } from '../../../src/pipeline/result-time.ts';

const at = (iso: string) => ({ analysisStartedAtMs: Date.parse(iso), timeZone: 'Europe/Berlin' });

describe('local time of results (PS3.3 C.12.1.1.8)', () => {
  test('is the site zone, with its summer time, never UTC', () => {
    expect(localTime({ ...at('2026-07-01T22:30:00Z'), offset: 'declare' }, {})).toEqual({
      date: '20260702',
      time: '003000',
      offset: '+0200',
      dateTime: '20260702003000+0200',
      readable: '2026-07-02 00:30 +02:00',
      declaredOffset: '+0200',
    });
  });

  test('follows the offset that the source states, and declares it', () => {
    const time = localTime(
      { ...at('2026-01-01T12:00:00Z'), offset: 'omit' },
      { timezoneOffsetFromUtc: '-0330' },
    );
    expect([time.date, time.time, time.declaredOffset]).toEqual(['20260101', '083000', '-0330']);
  });

  test('declares no offset unless source or site vouch for the zone of the copied times', () => {
    const time = localTime({ ...at('2026-01-01T12:00:00Z'), offset: 'omit' }, {});
    expect([time.time, time.declaredOffset]).toEqual(['130000', undefined]);
  });

  test('ignores an offset that is not one', () => {
    expect(
      localTime({ ...at('2026-01-01T12:00:00Z'), offset: 'omit' }, { timezoneOffsetFromUtc: 'CET' }).offset,
    ).toBe('+0100');
  });

  test('takes zones with odd offsets', () => {
    const kathmandu = { analysisStartedAtMs: Date.parse('2026-01-01T12:00:00Z'), timeZone: 'Asia/Kathmandu' };
    expect(localTime({ ...kathmandu, offset: 'declare' }, {}).readable).toBe('2026-01-01 17:45 +05:45');
  });
});
