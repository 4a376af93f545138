import { readFileSync } from 'node:fs';
import { type Finding, failure } from '../../admin/doctor/finding.ts';
import {
  type AskedPeer,
  type ContextAnswers,
  type EchoAnswer,
  judgeContexts,
  judgeEcho,
  judgeSelf,
} from '../../admin/doctor/peer.ts';
import type { DestinationConfig, NodeConfig } from '../../core/config/index.ts';
import { asNodeError } from '../../core/errors.ts';
import type { Refusal } from '../../dicom/refusal-sentences.ts';
import { sopClassUid } from '../../dicom/sop-class.ts';
import { transferSyntaxUid } from '../../dicom/transfer-syntax.ts';
import type { StoreOutcome } from '../../scu/delivery-decision.ts';
import { type Destination, refusalPeer } from '../../scu/destination.ts';
import { probeContexts, verify } from '../../scu/queries.ts';
import { refusalOf } from '../../scu/store-outcome.ts';
import { reportSopClassUid } from '../../pipeline/structured-report/structured-report.ts';
import { destinationOf } from '../destination-settings.ts';

/** A person waits: no answer within this time is an answer too. */
const patience = { connectMs: 5000, associateMs: 10_000, responseMs: 10_000 } as const;

type AskedConfig = DestinationConfig & { readonly deliver: 'on' | 'shadow' };

/** Every check of one destination. Two associations, three with storage commitment; nothing is stored. */
export async function probePeer(config: AskedConfig): Promise<Finding[]> {
  let destination: Destination;
  try {
    destination = impatient(destinationOf(config));
  } catch (error) {
    return [
      failure(
        `peer-echo:${config.name}`,
        `not asked: a certificate or key of ${config.name} cannot be read (${asNodeError(error).message}).`,
        'Check the files under "tls" in pacs.yaml and their rights.',
      ),
    ];
  }
  const peer: AskedPeer = { ...refusalPeer(destination), deliver: config.deliver };
  const checks = await Promise.all([
    echo(destination).then((answer) => [judgeEcho(peer, answer)]),
    probeObjects(destination, peer, config),
    ...(config.storageCommitment === 'on' ? [probeCommitment(destination, peer)] : []),
  ]);
  return checks.flat();
}

/** Proposes what results will really need: each class in the encoding that is sent (docs/adr/0004). */
async function probeObjects(
  destination: Destination,
  peer: AskedPeer,
  config: AskedConfig,
): Promise<Finding[]> {
  const kinds = config.objects.map((object) => objectKinds(config)[object]);
  const answers = await contexts(
    destination,
    kinds.flatMap(({ classUids }) => explicit(classUids)),
  );
  return kinds.map((kind) =>
    judgeContexts(
      peer,
      kind,
      answers.ok
        ? { ok: true, contexts: answers.contexts.filter((one) => kind.classUids.includes(one.sopClassUid)) }
        : answers,
    ),
  );
}

interface ObjectKind {
  readonly check: string;
  readonly what: string;
  /** In the order in which they would be tried. */
  readonly classUids: readonly string[];
}

function objectKinds({ srClass }: AskedConfig): Readonly<Record<AskedConfig['objects'][number], ObjectKind>> {
  return {
    SR: {
      check: 'peer-accepts-sr',
      what: 'structured reports',
      classUids: srClass.map((one) => reportSopClassUid[one]),
    },
    SC: {
      check: 'peer-accepts-sc',
      what: 'secondary captures',
      classUids: [sopClassUid.secondaryCaptureImageStorage],
    },
    GSPS: {
      check: 'peer-accepts-gsps',
      what: 'presentation states',
      classUids: [sopClassUid.grayscaleSoftcopyPresentationStateStorage],
    },
    PM: { check: 'peer-accepts-pm', what: 'parametric maps', classUids: [sopClassUid.parametricMapStorage] },
  };
}

function explicit(classUids: readonly string[]) {
  return classUids.map((classUid) => ({
    sopClassUid: classUid,
    transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian,
  }));
}

/** The service may be taken in either encoding (PS3.4 J); one is enough. */
async function probeCommitment(destination: Destination, peer: AskedPeer): Promise<Finding[]> {
  const classUid = sopClassUid.storageCommitmentPushModel;
  const answers = await contexts(destination, [
    { sopClassUid: classUid, transferSyntaxUid: transferSyntaxUid.explicitVrLittleEndian },
    { sopClassUid: classUid, transferSyntaxUid: transferSyntaxUid.implicitVrLittleEndian },
  ]);
  const joined: ContextAnswers = answers.ok
    ? {
        ok: true,
        contexts: [{ sopClassUid: classUid, accepted: answers.contexts.some(({ accepted }) => accepted) }],
      }
    : answers;
  const finding = judgeContexts(peer, { check: 'commitment-offered', what: 'storage commitment' }, joined);
  if (finding.verdict === 'ok' || !answers.ok) return [finding];
  return [
    {
      ...finding,
      evidence: `${peer.name} does not offer storage commitment.`,
      next: `Switch it on at ${peer.name} for ${peer.callingAe}, or set storageCommitment: off for ${peer.name} in pacs.yaml; until then no result counts as safe there.`,
    },
  ];
}

/** C-ECHO to the node's own port, by the first sender that may call from this machine. */
export async function probeSelf({ aeTitle, listener, senders }: NodeConfig): Promise<Finding[]> {
  if (listener.port === 0) return [];
  const host = { '0.0.0.0': '127.0.0.1', '::': '::1' }[listener.host] ?? listener.host;
  const { tls } = listener;
  const answer = await echo({
    name: 'this node',
    host,
    port: listener.port,
    calledAeTitle: aeTitle,
    callingAeTitle:
      senders.find(({ cidr }) => cidr.some((network) => network.startsWith('127.')))?.aeTitle ?? aeTitle,
    timeouts: patience,
    // Nothing is sent that anybody could read; whether the certificate is good is tls-expiry's question.
    ...(tls === undefined
      ? {}
      : {
          tls: { rejectUnauthorized: false, cert: readFileSync(tls.certificate), key: readFileSync(tls.key) },
        }),
  });
  return [judgeSelf(`${host}:${listener.port}`, answer)];
}

async function echo(destination: Destination): Promise<EchoAnswer> {
  const answer = await verify(destination);
  return answer.ok
    ? { ok: true, implementation: answer.value.implementation }
    : { ok: false, refusal: refusalBehind(answer.error) };
}

async function contexts(
  destination: Destination,
  kinds: Parameters<typeof probeContexts>[1],
): Promise<ContextAnswers> {
  const answer = await probeContexts(destination, kinds);
  return answer.ok
    ? { ok: true, contexts: answer.value }
    : { ok: false, refusal: refusalBehind(answer.error) };
}

/** Nothing of ours is read here, so what could not be sent was cut off by the peer. */
function refusalBehind(outcome: StoreOutcome): Refusal {
  return outcome.kind === 'unreadable' ? { kind: 'lost' } : refusalOf(outcome);
}

function impatient(destination: Destination): Destination {
  const { timeouts } = destination;
  return {
    ...destination,
    timeouts: {
      connectMs: Math.min(timeouts.connectMs, patience.connectMs),
      associateMs: Math.min(timeouts.associateMs, patience.associateMs),
      responseMs: Math.min(timeouts.responseMs, patience.responseMs),
    },
  };
}
