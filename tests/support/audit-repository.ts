import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';

/** What arrived, cut by octet counting (RFC 5425 4.3) exactly as a repository would. */
export interface SyslogRecord {
  readonly header: string;
  readonly messageId: string;
  /** Behind the byte order mark. */
  readonly text: string;
}

export interface FakeRepository {
  readonly port: number;
  readonly records: SyslogRecord[];
  readonly faults: string[];
  readonly connections: number;
  /** Reads no more from the connections that stand. */
  freeze(): void;
  /** Breaks the connections that stand. */
  breakOff(): void;
  /** Says goodbye on the connections that stand. */
  hangUp(): void;
  close(): Promise<void>;
}

/** A stand-in for an audit record repository: RFC 5425 with mutual TLS. */
export async function startFakeRepository(tls: TlsOptions, port = 0): Promise<FakeRepository> {
  const records: SyslogRecord[] = [];
  const faults: string[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: true }, (socket) => {
    connections += 1;
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    let bytes: Buffer = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      bytes = Buffer.concat([bytes, chunk]);
      for (;;) {
        const length = /^([1-9]\d{0,8}) /.exec(bytes.subarray(0, 12).toString('latin1'));
        if (length === null) {
          if (bytes.length >= 12) faults.push('no octet count');
          return;
        }
        const start = length[0].length;
        const end = start + Number(length[1]);
        if (bytes.length < end) return;
        records.push(readRecord(bytes.subarray(start, end)));
        bytes = bytes.subarray(end);
      }
    });
  });
  server.on('tlsClientError', (error: Error) => faults.push(error.message));
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    records,
    faults,
    get connections() {
      return connections;
    },
    freeze: () => {
      for (const socket of sockets) socket.pause();
    },
    breakOff: () => {
      for (const socket of sockets) socket.destroy();
    },
    hangUp: () => {
      for (const socket of sockets) socket.end();
    },
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function readRecord(message: Buffer): SyslogRecord {
  const text = message.toString('utf8');
  const header =
    /^<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [\x21-\x7e]{1,255} lumbar-node \d+ ([\x21-\x7e]{1,32}) - \ufeff/.exec(
      text,
    );
  if (header === null) throw new Error(`not an RFC 5424 message: ${text.slice(0, 200)}`);
  return { header: header[0], messageId: header[1] ?? '', text: text.slice(header[0].length) };
}
