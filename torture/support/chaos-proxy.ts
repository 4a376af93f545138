import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort } from '../../tests/support/ports.ts';

/** How a connection through the proxy suffers. */
export interface Weather {
  /** Added before each chunk is passed on, each way. */
  readonly delayMs?: number;
  readonly bytesPerSecond?: number;
  /** Reset both sides when this many bytes have come from the client. */
  readonly cutAfterBytes?: number;
  /** Chance that a chunk is answered by a reset of both sides. */
  readonly resetChance?: number;
  /** Chance that a chunk waits 200 ms more, as after a lost packet that TCP sends again. */
  readonly stallChance?: number;
}

export interface ChaosProxy {
  readonly port: number;
  use(weather: Weather): void;
  readonly resets: number;
  close(): Promise<void>;
}

/** A user-space TCP proxy in front of a port: delay, throttle, stall, cut, reset. Chances come from the seeded stream. */
export async function startChaosProxy(
  targetPort: number,
  chance: (probability: number) => boolean,
): Promise<ChaosProxy> {
  let weather: Weather = {};
  let resets = 0;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const target = connect({ host: '127.0.0.1', port: targetPort });
    const both = [client, target];
    const reset = (): void => {
      resets++;
      for (const socket of both) socket.resetAndDestroy();
    };
    for (const socket of both) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        for (const other of both) other.destroy();
      });
    }
    let fromClient = 0;
    pass(client, target, (length) => {
      fromClient += length;
      return weather.cutAfterBytes !== undefined && fromClient >= weather.cutAfterBytes;
    });
    pass(target, client, () => false);

    function pass(from: Socket, to: Socket, isCut: (length: number) => boolean): void {
      let queue = Promise.resolve();
      from.on('data', (chunk) => {
        if (isCut(chunk.length) || chance(weather.resetChance ?? 0)) {
          reset();
          return;
        }
        from.pause();
        queue = queue.then(async () => {
          const throttled =
            weather.bytesPerSecond === undefined ? 0 : (1000 * chunk.length) / weather.bytesPerSecond;
          const stalled = chance(weather.stallChance ?? 0) ? 200 : 0;
          const waitMs = (weather.delayMs ?? 0) + throttled + stalled;
          if (waitMs > 0) await delay(waitMs);
          if (!to.destroyed) to.write(chunk);
          from.resume();
        });
      });
      from.on('end', () => {
        void queue.then(() => to.end());
      });
    }
  });
  const port = await freePort();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port,
    use: (next) => {
      weather = next;
    },
    get resets() {
      return resets;
    },
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}
