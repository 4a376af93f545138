import { once } from 'node:events';
import { closeSync, openSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { asNodeError } from '../core/errors.ts';
import {
  type ControlAnswer,
  type ControlRequest,
  controlRequest,
  maxControlLine,
} from './control-protocol.ts';

const idleMs = 60_000;
const maxConnections = 16;

/** Carries out one request. What it throws is answered as a refusal. */
export type ControlHandler = (request: ControlRequest) => Promise<ControlAnswer> | ControlAnswer;

export interface ControlSocket {
  close(): Promise<void>;
}

/**
 * Opens `<data>/control.sock`, readable and writable for the service user alone. The caller holds the lock of the
 * data folder, so a socket that lies there already is a dead node's and is replaced.
 */
export async function openControlSocket(dataFolder: string, handle: ControlHandler): Promise<ControlSocket> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    converse(socket, handle);
  });
  server.maxConnections = maxConnections;
  rmSync(controlPath(dataFolder), { force: true });
  await listenPrivately(server, dataFolder);
  return {
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Where the socket of a data folder is. */
export function controlPath(dataFolder: string): string {
  return join(dataFolder, 'control.sock');
}

/**
 * Calls `use` with a path to the socket that fits into `sockaddr_un` (108 bytes, unix(7)), however deep the folder
 * lies: /proc/self/fd leads there through an open descriptor.
 */
export async function withSocketPath<T>(dataFolder: string, use: (path: string) => Promise<T>): Promise<T> {
  const path = controlPath(dataFolder);
  if (Buffer.byteLength(path) < 108) return await use(path);
  const descriptor = openSync(dataFolder, 'r');
  try {
    return await use(`/proc/self/fd/${descriptor}/control.sock`);
  } finally {
    closeSync(descriptor);
  }
}

async function listenPrivately(server: Server, dataFolder: string): Promise<void> {
  await withSocketPath(dataFolder, async (path) => {
    // The file gets its mode from the mask at bind(2), which happens inside listen(): no moment with another one.
    const mask = process.umask(0o177);
    try {
      server.listen(path);
    } finally {
      process.umask(mask);
    }
    await once(server, 'listening');
  });
}

function converse(socket: Socket, handle: ControlHandler): void {
  let text = '';
  let turn = Promise.resolve();
  socket.setEncoding('utf8');
  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('data', (chunk: string) => {
    text += chunk;
    const lines = text.split('\n');
    text = lines.pop() ?? '';
    if (text.length > maxControlLine) {
      socket.end(encode({ ok: false, refused: 'the request is too long' }));
      return;
    }
    for (const line of lines) {
      turn = turn.then(async () => {
        const answer = await answerTo(line, handle);
        if (socket.writable) socket.write(encode(answer));
      });
    }
  });
}

async function answerTo(line: string, handle: ControlHandler): Promise<ControlAnswer> {
  try {
    const request = controlRequest.safeParse(JSON.parse(line));
    if (!request.success) return { ok: false, refused: 'this node does not know that request' };
    return await handle(request.data);
  } catch (error) {
    return { ok: false, refused: asNodeError(error).message };
  }
}

function encode(answer: ControlAnswer): string {
  return `${JSON.stringify(answer)}\n`;
}
