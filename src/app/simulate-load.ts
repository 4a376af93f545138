import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { counted, duration } from '../admin/text-layout.ts';
import { err, ok, type Result } from '../core/result.ts';
import { transferSyntaxUid } from '../dicom/transfer-syntax.ts';
import { initialiseCodecs } from '../imaging/native-codec.ts';
import { type ModalityTarget, sendAsModality } from '../simulator/modality.ts';
import {
  SIMULATED_TRANSFER_SYNTAXES,
  type SimulatedImage,
  type StudyOptions,
  studyImages,
} from '../simulator/study.ts';
import { hostClock } from '../store/store.ts';
import { exitCodes } from './restart-policy.ts';
import type { VerbAnswer } from './verb-answer.ts';

/** Simulated modalities that send to a node: how many, how fast, what. */
export interface LoadOptions extends StudyOptions {
  readonly target: Omit<ModalityTarget, 'callingAeTitle'>;
  readonly callingAeTitle: string;
  readonly firstSeed: number;
  readonly patients: number;
  /** How often each simulated study is sent, every time as a study of its own. */
  readonly repeat: number;
  readonly senders: number;
  /** Images a second of all senders together. */
  readonly imagesPerSecond: number;
  readonly format: 'text' | 'json';
}

/** `HOST:PORT/AETITLE`; an IPv6 address stands in brackets. */
export function readLoadTarget(text: string): Result<LoadOptions['target'], string> {
  const [, host = '', digits = '', calledAeTitle = ''] =
    /^(\[[^\]]+\]|[^:/]+):(\d{1,5})\/([^\\]{1,16})$/.exec(text) ?? [];
  const port = Number(digits);
  if (host === '' || port < 1 || port > 65_535)
    return err(`--to ${text}: write HOST:PORT/AETITLE, such as 10.0.0.5:11112/LUMBAR_NODE`);
  return ok({ host: host.replace(/^\[(.*)\]$/, '$1'), port, calledAeTitle });
}

/** `2/s`, `90/min`, `5000/h`: images a second. */
export function readRate(text: string): Result<number, string> {
  const [, count = '', unit = ''] = /^(\d+(?:\.\d+)?)\/(s|min|h)$/.exec(text) ?? [];
  const rate = Number(count) / ({ s: 1, min: 60, h: 3600 }[unit] ?? 1);
  return rate > 0 ? ok(rate) : err(`--rate ${text}: write 2/s, 90/min or 5000/h`);
}

/** A transfer syntax in which a file's UIDs can be found and replaced; absent: Explicit VR Little Endian. */
export function readLoadSyntax(uid: string | undefined): Result<string, string> {
  if (uid === undefined) return ok(transferSyntaxUid.explicitVrLittleEndian);
  const sendable = SIMULATED_TRANSFER_SYNTAXES.filter(
    (one) => one !== transferSyntaxUid.deflatedExplicitVrLittleEndian,
  );
  return sendable.includes(uid)
    ? ok(uid)
    : err(`--transfer-syntax ${uid}: with --to it is one of ${sendable.join(', ')}`);
}

interface Tally {
  acknowledged: number;
  /** Something answered, whatever it said. */
  reached: boolean;
  readonly faults: Map<string, number>;
  readonly answerMs: number[];
}

/**
 * Simulates the studies first, because that takes longer than sending, then sends them one association each, at the
 * rate that was asked for as far as the node keeps up. Nothing is tried twice.
 */
export async function sendLoad(
  options: LoadOptions,
  progress: (done: number, total: number) => void,
): Promise<VerbAnswer> {
  await initialiseCodecs();
  const studies = Array.from({ length: options.patients }, (_, patient) => [
    ...studyImages(options.firstSeed + patient, options),
  ]);
  const queue = Array.from({ length: options.repeat }, () => studies.map(asNewStudy)).flat();
  const total = queue.reduce((sum, files) => sum + files.length, 0);
  const tally: Tally = { acknowledged: 0, reached: false, faults: new Map(), answerMs: [] };
  const startMs = hostClock.monotonicMs();
  let taken = 0;
  let ended = 0;
  const sender = async (): Promise<void> => {
    for (let files = queue.shift(); files !== undefined; files = queue.shift()) {
      const dueMs = startMs + (taken / options.imagesPerSecond) * 1000;
      taken += files.length;
      await delay(Math.max(0, dueMs - hostClock.monotonicMs()));
      await sendStudy(files, options, tally);
      ended += files.length;
      progress(ended, total);
    }
  };
  await Promise.all(Array.from({ length: options.senders }, sender));
  return answer({ tally, total, tookMs: hostClock.monotonicMs() - startMs, options });
}

async function sendStudy(
  files: readonly Uint8Array[],
  { target, callingAeTitle }: LoadOptions,
  tally: Tally,
): Promise<void> {
  let lastMs = hostClock.monotonicMs();
  const sent = await sendAsModality(
    files,
    { ...target, callingAeTitle },
    () => hostClock.monotonicMs(),
    ({ status, answeredAtMs }) => {
      if (status === 0) tally.acknowledged++;
      tally.answerMs.push(answeredAtMs - lastMs);
      lastMs = answeredAtMs;
    },
  );
  if (sent.ok) {
    tally.reached = true;
    return;
  }
  const { code, message } = sent.error;
  if (code !== 'SCU_CONNECT') tally.reached = true;
  tally.faults.set(message, (tally.faults.get(message) ?? 0) + 1);
}

/**
 * The files of a study under UIDs that nobody has seen. UIDs are ASCII text that stands nowhere else in a file; as long
 * as before they change no length.
 */
function asNewStudy(images: readonly SimulatedImage[]): Uint8Array[] {
  const renamed = new Map<string, string>();
  for (const { studyInstanceUid, seriesInstanceUid, sopInstanceUid } of images)
    for (const uid of [studyInstanceUid, seriesInstanceUid, sopInstanceUid])
      if (!renamed.has(uid)) renamed.set(uid, uidOfLength(uid.length));
  return images.map(({ bytes }) => {
    const file = Buffer.from(bytes);
    for (const [from, to] of renamed)
      for (let at = file.indexOf(from, 0, 'latin1'); at >= 0; at = file.indexOf(from, at + 1, 'latin1'))
        file.write(to, at, 'latin1');
    return file;
  });
}

/** A UUID-derived UID (PS3.5 B.2) of exactly this length. */
function uidOfLength(length: number): string {
  const digits = BigInt(`0x${randomBytes(32).toString('hex')}`).toString();
  return `2.25.1${digits}`.slice(0, length);
}

function answer({
  tally: { acknowledged, reached, faults, answerMs },
  total,
  tookMs,
  options,
}: {
  readonly tally: Tally;
  readonly total: number;
  readonly tookMs: number;
  readonly options: LoadOptions;
}): VerbAnswer {
  const sorted = answerMs.toSorted((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? 0;
  const perSecond = acknowledged / Math.max(0.001, tookMs / 1000);
  const short = reached ? exitCodes.failed : exitCodes.notReachable;
  const exitCode = acknowledged === total ? exitCodes.ok : short;
  if (options.format === 'json') {
    const figures = { images: total, acknowledged, tookMs, answerMs: { p50: at(0.5), p95: at(0.95) } };
    const report = { schema: 1, ...figures, faults: Object.fromEntries(faults) };
    return { exitCode, text: `${JSON.stringify(report, null, 2)}\n` };
  }
  const lines = [
    `${acknowledged} of ${counted(total, 'image')} acknowledged in ${duration(tookMs)} by ${counted(options.senders, 'sender')}: ${perSecond.toFixed(1)}/s; answer p50 ${duration(at(0.5))}, p95 ${duration(at(0.95))}.`,
    ...[...faults].map(([message, count]) => `${counted(count, 'study', 'studies')}: ${message}`),
  ];
  return { exitCode, text: `${lines.join('\n')}\n` };
}
