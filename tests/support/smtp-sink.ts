import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

export interface SmtpSink {
  readonly port: number;
  /** Everything received, one text per message with headers and body. */
  readonly messages: string[];
  close(): Promise<void>;
}

/** A mail relay that keeps what it gets (RFC 5321, the commands a client needs); `refusals` answers 451 first. */
export async function startSmtpSink({ refusals = 0 } = {}): Promise<SmtpSink> {
  const messages: string[] = [];
  const sockets = new Set<Socket>();
  let left = refusals;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => undefined);
    socket.setEncoding('utf8');
    let buffered = '';
    let letter: string[] | undefined;
    const answer = (text: string): void => void socket.write(`${text}\r\n`);
    const take = (line: string): void => {
      if (letter !== undefined) {
        if (line !== '.') {
          letter.push(line);
          return;
        }
        messages.push(letter.join('\n'));
        letter = undefined;
        answer('250 taken');
      } else if (/^(EHLO|HELO) /i.test(line)) answer('250 sink.invalid');
      else if (/^MAIL FROM/i.test(line) && left > 0) {
        left -= 1;
        answer('451 try again later');
      } else if (/^(MAIL FROM|RCPT TO|RSET|NOOP)/i.test(line)) answer('250 ok');
      else if (/^DATA/i.test(line)) {
        letter = [];
        answer('354 go on');
      } else if (/^QUIT/i.test(line)) {
        answer('221 bye');
        socket.end();
      } else answer('502 unknown');
    };
    socket.on('data', (chunk: string) => {
      buffered += chunk;
      const lines = buffered.split('\r\n');
      buffered = lines.pop() ?? '';
      for (const line of lines) take(line);
    });
    answer('220 sink.invalid');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    messages,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}
