import { duration, hang, printable } from '../text-layout.ts';
import { refusalLines, type ToldRefusal } from './peer-answer.ts';

/** One kind of object that the node would send there, and whether the peer takes it. */
export interface OfferedClass {
  readonly sopClass: string;
  readonly sopClassUid: string;
  readonly accepted: boolean;
}

export interface EchoFacts {
  readonly peer: string;
  readonly host: string;
  readonly port: number;
  readonly calledAeTitle: string;
  readonly callingAeTitle: string;
  readonly tls: boolean;
  /** From the first packet of the connection to the end of the association. */
  readonly roundTripMs: number;
  readonly answer:
    | {
        readonly answered: true;
        readonly implementation: string;
        /** What results would need; empty when the peer would not even talk about it. */
        readonly offered: readonly OfferedClass[];
      }
    | ({ readonly answered: false } & ToldRefusal);
}

/** What `echo` prints. */
export function echoText({ answer, ...facts }: EchoFacts): string {
  const secured = facts.tls ? ' over TLS' : '';
  const where = `${facts.peer}: ${facts.host}:${facts.port}${secured}, ${facts.callingAeTitle} calls ${facts.calledAeTitle}`;
  if (!answer.answered)
    return `${[where, ...refusalLines(answer).flatMap((line) => hang('  ', line))].join('\n')}\n`;
  const who = answer.implementation === '' ? '' : ` It calls itself ${printable(answer.implementation)}.`;
  const lines = [`  answered C-ECHO in ${duration(facts.roundTripMs)}.${who}`];
  for (const { sopClass, accepted } of answer.offered)
    lines.push(`  ${accepted ? 'takes        ' : 'does not take'}  ${sopClass}`);
  if (answer.offered.some(({ accepted }) => !accepted))
    lines.push(
      hang(
        '  ',
        `What it does not take must be allowed for ${facts.callingAeTitle} at ${facts.peer}. A report goes as the first class that is taken.`,
      ),
    );
  return `${[where, ...lines].join('\n')}\n`;
}
