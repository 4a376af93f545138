import { type EchoFacts, echoText, type OfferedClass } from '../admin/peers/echo-text.ts';
import { tellEchoRefusal } from '../admin/peers/peer-answer.ts';
import type { DestinationConfig } from '../core/config/index.ts';
import { sopClassName, sopClassUid } from '../dicom/sop-class.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { reportSopClassUid } from '../pipeline/structured-report/structured-report.ts';
import { probeContexts, verify } from '../scu/queries.ts';
import type { StoreOutcome } from '../scu/delivery-decision.ts';
import { refusalOf } from '../scu/store-outcome.ts';
import { hostClock } from '../store/store.ts';
import { type PeerTarget, peerTarget } from './peer-target.ts';
import { exitCodes } from './restart-policy.ts';
import { readConfig } from './runtime.ts';

/** `echo`: calls one destination as the node would, with its AE titles, TLS and timeouts. Needs no database. */
export async function echoPeer(
  configFolder: string,
  name: string,
  format: 'text' | 'json',
): Promise<{ readonly exitCode: number; readonly text: string }> {
  const target = peerTarget(readConfig(configFolder), name);
  const { name: peer, host, port, calledAeTitle, callingAeTitle, tls } = target.destination;
  const startMs = hostClock.monotonicMs();
  const verified = await verify(target.destination);
  const roundTripMs = hostClock.monotonicMs() - startMs;
  const facts: EchoFacts = {
    peer,
    host,
    port,
    calledAeTitle,
    callingAeTitle,
    tls: tls !== undefined,
    roundTripMs,
    answer: verified.ok
      ? { answered: true, implementation: verified.value.implementation, offered: await offered(target) }
      : { answered: false, ...tellEchoRefusal(refusalOf(asked(verified.error)), target.named) },
  };
  const { answer, ...about } = facts;
  return {
    exitCode: verified.ok ? exitCodes.ok : exitCodes.notReachable,
    text:
      format === 'json'
        ? `${JSON.stringify({ schema: 1, ...about, ...answer }, undefined, 2)}\n`
        : echoText(facts),
  };
}

/** An echo carries no data set of ours, so nothing of ours can be unreadable: what is left is a broken connection. */
function asked(outcome: StoreOutcome): Exclude<StoreOutcome, { kind: 'unreadable' }> {
  return outcome.kind === 'unreadable' ? { kind: 'lost' } : outcome;
}

/** Whether it takes what results are made of. A peer that answers C-ECHO and takes no reports is common. */
async function offered({ destination, config }: PeerTarget): Promise<readonly OfferedClass[]> {
  const probed = await probeContexts(
    destination,
    resultSopClasses(config).map((uid) => ({
      sopClassUid: uid,
      transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
    })),
  );
  if (!probed.ok) return [];
  return probed.value.map(({ sopClassUid: uid, accepted }) => ({
    sopClass: sopClassName(uid),
    sopClassUid: uid,
    accepted,
  }));
}

/** The SOP classes of everything that may go there. */
function resultSopClasses({ objects, srClass }: DestinationConfig): readonly string[] {
  const classes = {
    SC: [sopClassUid.secondaryCaptureImageStorage],
    SR: srClass.map((name) => reportSopClassUid[name]),
    GSPS: [sopClassUid.grayscaleSoftcopyPresentationStateStorage],
    PM: [sopClassUid.parametricMapStorage],
  };
  return objects.flatMap((kind) => classes[kind]);
}
