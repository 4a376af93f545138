/**
 * What a peer's refusal means and what to do next, in plain English: one row for every answer with which a DICOM
 * peer can refuse an association, a presentation context or an object. Pure text, shared by the sender, `explain`,
 * `echo` and `doctor`. Holds no patient data; an Error Comment (0000,0902) of the peer is never part of a row.
 */

/** Everything that can stop an object on its way into a peer, named as the standard names it. */
export type Refusal =
  | { readonly kind: 'rejected'; readonly result: number; readonly source: number; readonly reason: number }
  | { readonly kind: 'aborted'; readonly source: number; readonly reason: number }
  | { readonly kind: 'unreachable'; readonly code: string }
  | { readonly kind: 'timeout'; readonly stage: TimeoutStage }
  | { readonly kind: 'lost' }
  | { readonly kind: 'context'; readonly result: number }
  | { readonly kind: 'protocol'; readonly fault: ProtocolFault }
  | { readonly kind: 'status'; readonly status: number }
  | { readonly kind: 'commitment'; readonly failureReason: number };

/** Which wait ran out: TCP and TLS, the answer to A-ASSOCIATE-RQ, or the answer to a command. */
export type TimeoutStage = 'connect' | 'associate' | 'response';

/** Ways in which a peer answers something else than what it was asked (PS3.7 9.1.1, PS3.8 9.2). */
export type ProtocolFault = 'unasked-response' | 'wrong-instance' | 'no-response' | 'bad-pdu';

/** The names a sentence is filled with. `calledAe` is the peer's AE title, `callingAe` is ours. */
export interface RefusalPeer {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly calledAe: string;
  readonly callingAe: string;
}

export interface RefusalSentence {
  /** Stable name of the row, for tests, metrics labels and links. */
  readonly key: string;
  /** What happened, ending with a full stop. */
  readonly sentence: string;
  /** What a person can do about it, ending with a full stop. */
  readonly next: string;
}

const retryNow = 'lumbar-node queue retry --peer {name}.';
const retry = `Then: ${retryNow}`;
const automatic = 'Nothing to do now: it is tried again by itself.';
const archiveLog = 'Ask the administrator of {name} to look in its log for calls from {callingAe}.';
const ourFault =
  'This is a fault of this node: keep the object, run lumbar-node doctor --bundle and report it.';
const sentAgain = 'The same object with the same UID is sent again by itself.';
const objectAgain = 'The object is sent again by itself.';
const registerAs = 'Register {callingAe} with this host at {name}.';

/** What the queue does by itself, and what a person who sent by a command does instead. */
const byHand: readonly (readonly [queued: string, instead: string])[] = [
  [retry, 'Then try again.'],
  [automatic, 'Try again later.'],
  [sentAgain, 'The same object may be sent again: its UID does not change.'],
  [objectAgain, 'Send it again.'],
  ['The object is kept and tried again by itself.', 'Then send it again.'],
  ['; a report is re-encoded as an older report class by itself', ''],
  [' If the study was deleted on purpose: lumbar-node queue cancel --peer {name}.', ''],
  [
    'If other objects are stored, only this one is affected: lumbar-node queue show.',
    'If other objects are stored, only this one is affected.',
  ],
];

/** A-ASSOCIATE-RJ by source and reason (PS3.8 Table 9-21); the result says whether it is for good. */
const rejections: Readonly<Record<string, readonly [sentence: string, next: string]>> = {
  '1/1': [
    'rejected the association and gave no reason.',
    `${archiveLog} Often the calling AE title or host is not registered. ${registerAs} ${retry}`,
  ],
  '1/2': [
    'does not know the DICOM application context.',
    'What answers at {host}:{port} is not an ordinary DICOM service: check host and port in pacs.yaml.',
  ],
  '1/3': [
    'does not know our AE title {callingAe} ("calling AE title not recognized").',
    `${registerAs} Letter case counts: compare with aeTitle in node.yaml. ${retry}`,
  ],
  '1/7': [
    'does not answer to the AE title {calledAe} ("called AE title not recognized").',
    `The PACS at {host}:{port} has another AE title; letter case counts. Check calledAeTitle of {name} in pacs.yaml. ${retry}`,
  ],
  '2/1': ['rejected the association on protocol level and gave no reason.', archiveLog],
  '2/2': [
    'does not support version 1 of the DICOM upper-layer protocol.',
    'What answers at {host}:{port} is not an ordinary DICOM service: check host and port in pacs.yaml.',
  ],
  '3/1': [
    'is congested for the moment.',
    `${automatic} If it lasts, the archive is overloaded: tell its administrator.`,
  ],
  '3/2': [
    'has reached its limit of associations.',
    `${automatic} If it lasts, raise the limit for {callingAe} at {name} or lower maxAssociations in pacs.yaml.`,
  ],
};

/** A-ABORT by source and reason (PS3.8 Table 9-26). Source 0 has no reasons. */
const aborts: Readonly<Record<string, readonly [sentence: string, next: string]>> = {
  '0': [
    'aborted the association itself (its application gave up).',
    `${automatic} If it repeats for one object only, that object upsets the archive. ${archiveLog}`,
  ],
  '2/0': ['aborted the association on protocol level and gave no reason.', `${automatic} ${archiveLog}`],
  '2/1': ['aborted: it does not know a kind of PDU that was sent.', `${archiveLog} ${ourFault}`],
  '2/2': ['aborted: it did not expect the PDU that was sent.', `${archiveLog} ${ourFault}`],
  '2/4': ['aborted: it does not know a parameter of a PDU.', `${archiveLog} ${ourFault}`],
  '2/5': ['aborted: it did not expect a parameter of a PDU.', `${archiveLog} ${ourFault}`],
  '2/6': ['aborted: a PDU held a value that it does not allow.', `${archiveLog} ${ourFault}`],
};

/** The socket error codes of the operating system and of TLS that people meet. */
const unreachable: Readonly<Record<string, readonly [sentence: string, next: string]>> = {
  ECONNREFUSED: [
    'is not listening: {host}:{port} refused the TCP connection.',
    'Check host and port in pacs.yaml, that the PACS service runs, and that no firewall rejects the port.',
  ],
  EHOSTUNREACH: [
    'cannot be reached: there is no route to {host}.',
    'Check the network, the address and the firewall.',
  ],
  ENETUNREACH: [
    'cannot be reached: there is no route to {host}.',
    'Check the network of this machine and the address.',
  ],
  ETIMEDOUT: [
    'did not answer at {host}:{port} (the operating system gave up the TCP connection).',
    'Usually a firewall drops the packets or the address is wrong: check host and port in pacs.yaml and the firewall.',
  ],
  EPERM: [
    'cannot be reached: a firewall of this machine forbids the connection to {host}:{port}.',
    'Allow the connection in the firewall of this machine, or in the sandbox of its systemd unit.',
  ],
  ENOTFOUND: [
    'cannot be reached: the name {host} is not known.',
    'Check host in pacs.yaml and the DNS of this machine.',
  ],
  EAI_AGAIN: [
    'cannot be reached: the name service did not answer for {host}.',
    `Check the DNS of this machine, or put the address instead of the name into pacs.yaml. ${automatic}`,
  ],
  ECONNRESET: [
    'closed the TCP connection at once.',
    'Often the host of this node is not allowed at {name}, or the port expects TLS: compare tls in pacs.yaml with the PACS.',
  ],
  TLS_CERTIFICATE: [
    'showed a TLS certificate that this node does not trust.',
    'Put the CA of {name} into tls.ca in pacs.yaml, or renew the certificate of the PACS.',
  ],
  TLS_HANDSHAKE: [
    'did not complete the TLS handshake.',
    'Check that {host}:{port} expects TLS 1.2 or newer, and that it trusts the client certificate of this node.',
  ],
};

const timeouts: Readonly<Record<TimeoutStage, readonly [sentence: string, next: string]>> = {
  connect: [
    'did not answer at {host}:{port} (TCP connection timed out).',
    'Usually a firewall drops the packets or the address is wrong: check host and port in pacs.yaml and the firewall.',
  ],
  associate: [
    'took the TCP connection but did not answer the association request.',
    `The PACS service hangs, expects TLS, or is no DICOM service: compare tls in pacs.yaml. ${archiveLog}`,
  ],
  response: [
    'took the request but did not confirm it in time; whether it was carried out is unknown.',
    `${sentAgain} If it lasts, the archive is overloaded. ${archiveLog}`,
  ],
};

/** Presentation context results (PS3.8 Table 9-18); 0 only stands here when the accepted encoding was never offered. */
const contexts: Readonly<Record<number, readonly [sentence: string, next: string]>> = {
  0: [
    'accepted this kind of object in an encoding that was not offered, so nothing was sent.',
    `The archive breaks PS3.8 9.3.3. ${archiveLog}`,
  ],
  1: [
    'refused this kind of object (presentation context: user rejection).',
    `Allow the SOP class for {callingAe} at {name}. ${retry}`,
  ],
  2: [
    'refused this kind of object and gave no reason (presentation context).',
    `Allow the SOP class for {callingAe} at {name}. ${retry}`,
  ],
  3: [
    'does not take this kind of object (presentation context: abstract syntax not supported).',
    `Enable the SOP class at {name}; lumbar-node doctor shows which classes it takes. ${retry}`,
  ],
  4: [
    'takes this kind of object, but not in its encoding (presentation context: transfer syntaxes not supported).',
    `Enable Explicit VR Little Endian for the SOP class at {name}. ${retry}`,
  ],
};

const protocolFaults: Readonly<Record<ProtocolFault, readonly [sentence: string, next: string]>> = {
  'unasked-response': [
    'answered a message that nobody sent (wrong Message ID, second answer or other command); it does not count.',
    `${objectAgain} ${archiveLog}`,
  ],
  'wrong-instance': [
    'confirmed another object than the one it was sent; it does not count as stored.',
    `${objectAgain} ${archiveLog}`,
  ],
  'no-response': [
    'released the association without confirming the object; it does not count as stored.',
    `${objectAgain} ${archiveLog}`,
  ],
  'bad-pdu': [
    'sent bytes that break the DICOM upper-layer protocol.',
    `What answers at {host}:{port} may be no DICOM service: check host and port in pacs.yaml. ${archiveLog}`,
  ],
};

interface StatusRow {
  readonly from: number;
  readonly to: number;
  readonly key: string;
  readonly sentence: string;
  readonly next: string;
}

function row(from: number, to: number, key: string, sentence: string, next: string): StatusRow {
  return { from, to, key, sentence, next };
}

const objectFault = `Open the object with dcmdump and compare with the archive's log. ${ourFault}`;

/**
 * C-STORE response statuses (PS3.4 B.2.3, PS3.7 Annex C; A77x as dcm4chee uses them). The first matching row
 * counts, so single codes stand before their family.
 */
const statuses: readonly StatusRow[] = [
  row(0x0000, 0x0000, 'status-success', 'stored the object.', 'Nothing to do.'),
  row(
    0x0105,
    0x0107,
    'status-attribute',
    'refused the object because of an attribute or its value.',
    objectFault,
  ),
  row(
    0x0110,
    0x0110,
    'status-processing-failure',
    'failed while it processed the object.',
    `${archiveLog} ${retry}`,
  ),
  row(
    0x0111,
    0x0111,
    'status-duplicate',
    'has this object already (duplicate SOP instance).',
    'Nothing to do: it counts as stored unless a query shows that it is absent.',
  ),
  row(0x0112, 0x0112, 'status-no-such-instance', 'says that the object does not exist.', archiveLog),
  row(0x0114, 0x0115, 'status-argument', 'refused an argument of the request.', `${archiveLog} ${ourFault}`),
  row(
    0x0116,
    0x0116,
    'status-attribute',
    'refused the object because of an attribute or its value.',
    objectFault,
  ),
  row(0x0117, 0x0117, 'status-invalid-instance', 'refused the SOP Instance UID of the object.', objectFault),
  row(
    0x0118,
    0x0118,
    'status-sop-class',
    'does not support this kind of object (no such SOP class).',
    `Enable the SOP class at {name}; a report is re-encoded as an older report class by itself. ${retry}`,
  ),
  row(
    0x0119,
    0x0119,
    'status-class-conflict',
    'says that the object does not belong to its SOP class.',
    objectFault,
  ),
  row(
    0x0120,
    0x0121,
    'status-missing-attribute',
    'misses an attribute or its value in the object.',
    objectFault,
  ),
  row(
    0x0122,
    0x0122,
    'status-sop-class',
    'does not support this kind of object (SOP class not supported).',
    `Enable the SOP class at {name}; a report is re-encoded as an older report class by itself. ${retry}`,
  ),
  row(
    0x0124,
    0x0124,
    'status-not-authorised',
    'does not allow {callingAe} to store objects (not authorised).',
    `Give {callingAe} the right to store at {name}. ${retry}`,
  ),
  row(
    0x0210,
    0x0212,
    'status-operation',
    'did not understand the request (duplicate invocation, unrecognised operation or mistyped argument).',
    `${archiveLog} ${ourFault}`,
  ),
  row(
    0x0213,
    0x0213,
    'status-resource-limit',
    'is out of a resource for the moment.',
    `${automatic} If it lasts, tell the administrator of {name}.`,
  ),
  row(
    0xa770,
    0xa772,
    'status-rejected-object',
    'keeps a rejection note for this object: somebody rejected it there before.',
    `Decide with the administrator of {name} whether the rejection is to be lifted. ${retry}`,
  ),
  row(
    0xa773,
    0xa776,
    'status-retention',
    'refused the object because of its rejection or retention rules.',
    `Ask the administrator of {name} which rule applies to this study. ${retry}`,
  ),
  row(
    0xa777,
    0xa777,
    'status-no-patient-id',
    'refused the object because it carries no Patient ID.',
    `The source image has no Patient ID: correct it at the modality, send it again, or change the rule at {name}.`,
  ),
  row(
    0xa778,
    0xa779,
    'status-patient-conflict',
    'refused the object because its patient differs from the patient of the study there.',
    `Patient data were corrected at {name} after the image left the modality: reconcile the study there. ${retry}`,
  ),
  row(
    0xa77a,
    0xa77a,
    'status-study-deletion',
    'is deleting the study at this moment.',
    `${automatic} If the study was deleted on purpose: lumbar-node queue cancel --peer {name}.`,
  ),
  row(
    0xa77b,
    0xa77f,
    'status-relational-mismatch',
    'refused the object because its study or series does not fit to what it holds.',
    `Compare the study at {name} with the source image. ${retry}`,
  ),
  row(
    0xa700,
    0xa7ff,
    'status-out-of-resources',
    'is out of resources, usually disk space.',
    `Tell the administrator of {name}: its storage is full or read-only. The object is kept and tried again by itself.`,
  ),
  row(
    0xa900,
    0xa9ff,
    'status-data-set-mismatch',
    'says that the data set does not match its SOP class.',
    objectFault,
  ),
  row(
    0xb000,
    0xb000,
    'status-coerced',
    'stored the object and changed some of its attributes (coercion).',
    'Nothing to do. Expected where the archive normalises patient data.',
  ),
  row(
    0xb006,
    0xb006,
    'status-discarded',
    'stored the object but discarded some of its elements.',
    'Nothing to do if the report still reads well in the viewer; otherwise let {name} keep all elements.',
  ),
  row(
    0xb007,
    0xb007,
    'status-mismatch-warning',
    'stored the object with the remark that it does not match its SOP class.',
    'Look at the object once in the viewer; it counts as stored.',
  ),
  row(0xb001, 0xbfff, 'status-warning', 'stored the object with a warning of its own.', archiveLog),
  row(
    0xc000,
    0xcfff,
    'status-cannot-understand',
    'cannot understand the object.',
    `${archiveLog} If other objects are stored, only this one is affected: lumbar-node queue show. ${retry}`,
  ),
  row(
    0xfe00,
    0xfe00,
    'status-cancelled',
    'cancelled the request.',
    `A C-STORE cannot be cancelled: the archive or a proxy in between is faulty. ${archiveLog}`,
  ),
  row(
    0xff00,
    0xff01,
    'status-pending',
    'answered "pending", which a C-STORE cannot be.',
    `The archive or a proxy in between is faulty. ${archiveLog}`,
  ),
];

/** Failure Reason (0008,1197) of a Storage Commitment result (PS3.3 C.14.1.1). */
const commitmentFailures: Readonly<Record<number, readonly [sentence: string, next: string]>> = {
  0x0110: ['could not commit the object (processing failure).', `Send it again: ${retryNow} ${archiveLog}`],
  0x0112: ['does not have the object that it confirmed before.', `Send it again: ${retryNow} ${archiveLog}`],
  0x0119: ['holds the object under another SOP class.', objectFault],
  0x0122: [
    'does not commit this kind of object.',
    'The object is stored; set storageCommitment to off for {name} in pacs.yaml.',
  ],
  0x0131: ['has seen the transaction before.', `Ask it anew: ${retryNow}`],
  0x0213: ['could not commit the object for lack of a resource.', `Later: ${retryNow}`],
};

/**
 * The sentence for a refusal by this peer. Always answers: a value outside the standard gets the row of its
 * family with the number in the sentence. PS3.8 9.3.4, 9.3.8, 9.3.3.2; PS3.7 Annex C; PS3.4 B.2.3; PS3.3 C.14.
 */
export function describeRefusal(refusal: Refusal, peer: RefusalPeer): RefusalSentence {
  const found = find(refusal);
  return {
    key: found.key,
    sentence: fill(`{name} ${found.sentence}`, peer),
    next: fill(found.next, peer),
  };
}

/**
 * The same for a message that a person sent by a command: nothing is tried again by itself, and no queue holds it.
 */
export function describeRefusalByHand(refusal: Refusal, peer: RefusalPeer): RefusalSentence {
  const found = find(refusal);
  const next = byHand.reduce((text, [queued, instead]) => text.replaceAll(queued, instead), found.next);
  return { key: found.key, sentence: fill(`{name} ${found.sentence}`, peer), next: fill(next, peer) };
}

function find(refusal: Refusal): RefusalSentence {
  switch (refusal.kind) {
    case 'rejected':
      return findRejection(refusal);
    case 'aborted': {
      const key = refusal.source === 0 ? '0' : `${refusal.source}/${refusal.reason}`;
      const unlisted = `aborted the association (A-ABORT source ${refusal.source}, reason ${refusal.reason}).`;
      return pick(aborts, key, `abort-${key}`, [unlisted, `${automatic} ${archiveLog}`]);
    }
    case 'unreachable':
      return pick(unreachable, refusal.code, `unreachable-${refusal.code}`, [
        `cannot be reached at {host}:{port} (${refusal.code}).`,
        'Check host and port in pacs.yaml and the network.',
      ]);
    case 'timeout':
      return entry(`timeout-${refusal.stage}`, timeouts[refusal.stage]);
    case 'lost':
      return entry('connection-lost', [
        'closed the connection before it confirmed the object; whether it was stored is unknown.',
        `${sentAgain} ${archiveLog}`,
      ]);
    case 'context':
      return pick(contexts, refusal.result, `context-${refusal.result}`, [
        'did not answer the presentation context of this kind of object.',
        `Allow the SOP class for {callingAe} at {name}. ${retry}`,
      ]);
    case 'protocol':
      return entry(`protocol-${refusal.fault}`, protocolFaults[refusal.fault]);
    case 'status':
      return findStatus(refusal.status);
    case 'commitment':
      return pick(commitmentFailures, refusal.failureReason, `commitment-${hex(refusal.failureReason)}`, [
        `could not commit the object (reason ${hex(refusal.failureReason)}).`,
        archiveLog,
      ]);
  }
}

function findRejection(refusal: Extract<Refusal, { kind: 'rejected' }>): RefusalSentence {
  const numbers = `${refusal.result}/${refusal.source}/${refusal.reason}`;
  const duration = refusal.result === 2 ? 'for now' : 'for good';
  const found = pick(rejections, `${refusal.source}/${refusal.reason}`, `rejected-${numbers}`, [
    'rejected the association with a reason that the standard does not define.',
    archiveLog,
  ]);
  return { ...found, sentence: `${found.sentence.slice(0, -1)}, rejected ${duration}: RJ ${numbers}.` };
}

function findStatus(status: number): RefusalSentence {
  const found = statuses.find((candidate) => status >= candidate.from && status <= candidate.to);
  if (found === undefined) {
    return {
      key: 'status-unknown',
      sentence: `answered with a status that the standard does not define (${hex(status)}).`,
      next: archiveLog,
    };
  }
  return { key: found.key, sentence: `${found.sentence.slice(0, -1)} (${hex(status)}).`, next: found.next };
}

function pick<Key extends string | number>(
  table: Readonly<Record<Key, readonly [string, string]>>,
  wanted: Key,
  key: string,
  otherwise: readonly [string, string],
): RefusalSentence {
  return entry(key, Object.hasOwn(table, wanted) ? table[wanted] : otherwise);
}

function entry(key: string, [sentence, next]: readonly [string, string]): RefusalSentence {
  return { key, sentence, next };
}

function fill(template: string, peer: RefusalPeer): string {
  return template.replace(/\{(name|host|port|calledAe|callingAe)\}/g, (_, field: keyof RefusalPeer) =>
    String(peer[field]),
  );
}

/** A status the way people search for it: four hex digits with 0x. */
function hex(status: number): string {
  return `0x${status.toString(16).toUpperCase().padStart(4, '0')}`;
}
