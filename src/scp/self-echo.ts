import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { commandField, responseTo } from '../dicom/command-set.ts';
import { sopClassUid } from '../dicom/sop-class.ts';
import { statusCode } from '../dicom/status.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { acceptAssociation } from '../upper-layer/acceptor.ts';
import { requestAssociation } from '../upper-layer/association.ts';
import { defaultMaxPduLength, defaultTimeouts } from '../upper-layer/connection.ts';
import { systemTimers } from '../upper-layer/timers.ts';

const aeTitle = 'SELF_ECHO';
const deadlineMs = 5000;

/**
 * C-ECHO (PS3.7 9.1.5) of this process to itself through the same framer, state machine and event loop that serve the
 * modalities. It runs over a Linux abstract socket (unix(7)) that takes nothing but Verification, so that neither the
 * access list, nor a full house, nor a required client certificate stands between the watchdog and its answer, and no
 * row is written for it. It does not see a firewall in front of the port.
 */
export class SelfEcho {
  readonly #server: Server;
  readonly #path: string;

  private constructor(server: Server, path: string) {
    this.#server = server;
    this.#path = path;
  }

  static async open(): Promise<SelfEcho> {
    const path = `\0lumbar-echo-${randomUUID()}`;
    const server = createServer(answerEcho);
    server.maxConnections = 4;
    server.listen(path);
    await once(server, 'listening');
    return new SelfEcho(server, path);
  }

  /** True when the answer came in time. */
  async ask(): Promise<boolean> {
    const opened = await requestAssociation({
      host: '',
      port: 0,
      localPath: this.#path,
      callingAeTitle: aeTitle,
      calledAeTitle: aeTitle,
      contexts: [
        {
          abstractSyntax: sopClassUid.verification,
          transferSyntaxes: [transferSyntaxUid.implicitVrLittleEndian],
        },
      ],
      connectTimeoutMs: deadlineMs,
      associateTimeoutMs: deadlineMs,
    });
    if (!opened.ok) return false;
    const context = opened.value.contextFor(sopClassUid.verification);
    const answer =
      context === undefined
        ? undefined
        : await opened.value.request(
            context.id,
            { commandField: commandField.cEchoRequest, affectedSopClassUid: sopClassUid.verification },
            undefined,
            { timeoutMs: deadlineMs },
          );
    await opened.value.release(deadlineMs);
    return answer?.ok === true && answer.value.command.status === statusCode.success;
  }

  close(): void {
    this.#server.close();
  }
}

function answerEcho(socket: Socket): void {
  acceptAssociation({
    socket,
    maxPduLength: defaultMaxPduLength,
    maxDataSetBytes: 0,
    timeouts: defaultTimeouts,
    timers: systemTimers,
    handlers: {
      decide: (request) => ({
        kind: 'accept',
        roleSelections: [],
        contexts: request.contexts.map(({ id, abstractSyntax, transferSyntaxes: [first = ''] }) => ({
          id,
          result: abstractSyntax === sopClassUid.verification ? 0 : 3,
          transferSyntax: first,
        })),
      }),
      established: () => undefined,
      command: (association, contextId, command) => {
        if (command.commandField !== commandField.cEchoRequest) association.abort('only C-ECHO is served');
        else association.respond(contextId, responseTo(command, statusCode.success));
        return undefined;
      },
      ended: () => undefined,
      closed: () => undefined,
    },
  });
}
