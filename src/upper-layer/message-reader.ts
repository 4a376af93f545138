import { type CommandSet, maxCommandSetBytes, parseCommandSet } from '../dicom/command-set.ts';
import type { PdvPart } from './pdu-framer.ts';

/** Takes the data set of one message as it arrives. After `end` or `discard` nothing more is called. */
export interface DataSetSink {
  /** A view of the socket's memory, which is gone when this returns: what is kept must be copied. */
  write(bytes: Buffer): void;
  /** The last byte has arrived. */
  end(): void;
  /** The association ended before the last byte. */
  discard(): void;
}

export interface MessageReaderEvents {
  /** True while an earlier request is still being answered: a further one would be pipelined, which was not negotiated. */
  isBusy(): boolean;
  isAcceptedContext(contextId: number): boolean;
  /** A whole command set. Returns the sink of the data set that follows, or undefined when none follows. */
  command(contextId: number, command: CommandSet): DataSetSink | undefined;
  violation(detail: string): void;
}

/**
 * Puts PDVs together to DIMSE messages (PS3.7 6.3, PS3.8 E): command fragments up to 16 KiB in memory, data set
 * fragments straight to a sink. Refuses fragments of another context or kind, data without a command, a command
 * before the earlier one was answered, and a data set longer than the limit.
 */
export class MessageReader {
  readonly #events: MessageReaderEvents;
  readonly #maxDataSetBytes: number;
  #commandParts: Buffer[] = [];
  #commandBytes = 0;
  #contextId = 0;
  #sink: DataSetSink | undefined;
  #dataSetBytes = 0;

  constructor(maxDataSetBytes: number, events: MessageReaderEvents) {
    this.#maxDataSetBytes = maxDataSetBytes;
    this.#events = events;
  }

  /** True between the first byte of a message and its last. */
  get isInsideMessage(): boolean {
    return this.#sink !== undefined || this.#commandParts.length > 0;
  }

  pdv(part: PdvPart): void {
    if (part.isCommand) this.#commandPart(part);
    else this.#dataPart(part);
  }

  /** The association is over: the sink of a half message is told. */
  close(): void {
    const sink = this.#sink;
    this.#sink = undefined;
    this.#commandParts = [];
    sink?.discard();
  }

  #commandPart(part: PdvPart): void {
    if (this.#sink !== undefined) {
      this.#events.violation('a command fragment inside a data set');
      return;
    }
    if (this.#commandParts.length === 0) {
      if (this.#events.isBusy()) {
        this.#events.violation('a request before the earlier one was answered');
        return;
      }
      if (!this.#events.isAcceptedContext(part.contextId)) {
        this.#events.violation(`presentation context ${part.contextId} was not accepted`);
        return;
      }
      this.#contextId = part.contextId;
      this.#commandBytes = 0;
    }
    if (part.contextId !== this.#contextId) {
      this.#events.violation('fragments of two contexts are mixed');
      return;
    }
    this.#commandBytes += part.bytes.length;
    if (this.#commandBytes > maxCommandSetBytes) {
      this.#events.violation('the command set is longer than 16 KiB');
      return;
    }
    const isWhole = part.endOfPdv && part.isLastFragment;
    // A half command set is kept longer than the memory that it came in.
    this.#commandParts.push(isWhole ? part.bytes : Buffer.from(part.bytes));
    if (!isWhole) return;
    const [first] = this.#commandParts;
    const bytes =
      this.#commandParts.length === 1 && first !== undefined ? first : Buffer.concat(this.#commandParts);
    this.#commandParts = [];
    const command = parseCommandSet(bytes);
    if (!command.ok) {
      this.#events.violation(command.error.message);
      return;
    }
    const sink = this.#events.command(this.#contextId, command.value);
    if (!command.value.hasDataSet) return;
    this.#sink = sink;
    this.#dataSetBytes = 0;
  }

  #dataPart(part: PdvPart): void {
    const sink = this.#sink;
    if (sink === undefined) {
      this.#events.violation('a data set fragment without a command');
      return;
    }
    if (part.contextId !== this.#contextId) {
      this.#events.violation('fragments of two contexts are mixed');
      return;
    }
    this.#dataSetBytes += part.bytes.length;
    if (this.#dataSetBytes > this.#maxDataSetBytes) {
      this.#events.violation('the data set exceeds the size limit');
      return;
    }
    if (part.bytes.length > 0) sink.write(part.bytes);
    if (!part.endOfPdv || !part.isLastFragment) return;
    this.#sink = undefined;
    sink.end();
  }
}
