import { createHash, randomBytes } from 'node:crypto';

const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';

/** A 26-character ULID: sorts by time, names our files and rows; never derived from anything a peer sent. */
export function newUlid(nowMs: number, random: Uint8Array = randomBytes(10)): string {
  let time = '';
  let rest = Math.floor(nowMs);
  for (let i = 0; i < 10; i++) {
    time = (crockford[rest % 32] ?? '0') + time;
    rest = Math.floor(rest / 32);
  }
  let value = 0n;
  for (const byte of random) value = (value << 8n) | BigInt(byte);
  let tail = '';
  for (let i = 0; i < 16; i++) {
    tail = (crockford[Number(value & 31n)] ?? '0') + tail;
    value >>= 5n;
  }
  return time + tail;
}

/** Lower-case hex SHA-256. */
export function sha256Hex(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}
