/** Entry of a crowd (crowd.ts). Arguments: port, number of connections. */
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { requestBytes } from './raw-peer.ts';
import type { CrowdFacts } from './crowd.ts';

const [port = 0, wanted = 0] = process.argv.slice(2).map(Number);
const halfRequest = requestBytes().subarray(0, 40);
const open = new Set<Socket>();
let opened = 0;
/** Dropped a moment ago. */
let resting = 0;

/** At most this many new ones in a step of 20 ms. */
const perStep = 100;
/** One that was dropped comes again after this time, as a device does that does not know better. */
const restMs = 1000;

const timer = setInterval(() => {
  for (let n = 0; n < perStep && open.size + resting < wanted; n++) {
    const socket = connect({ host: '127.0.0.1', port });
    const isSilent = opened++ % 2 === 1;
    open.add(socket);
    socket.on('connect', () => {
      if (!isSilent) socket.write(halfRequest);
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      open.delete(socket);
      resting++;
      setTimeout(() => resting--, restMs);
    });
  }
}, 20);
setInterval(() => process.send?.({ opened, open: open.size } satisfies CrowdFacts), 200);
process.on('disconnect', () => {
  clearInterval(timer);
  process.exit(0);
});
