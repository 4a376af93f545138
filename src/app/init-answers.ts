import { isIP } from 'node:net';
import { err, ok, type Result } from '../core/result.ts';
import { isTimeZone } from '../core/time-zone.ts';

/** What a first configuration needs to know; everything else has a default that can be changed later. */
export interface InitAnswers {
  readonly aeTitle: string;
  readonly port: number;
  readonly timeZone: string;
  readonly sender: { readonly aeTitle: string; readonly network: string };
  readonly pacs: { readonly aeTitle: string; readonly host: string; readonly port: number };
  readonly deliver: 'on' | 'shadow';
}

export type InitKey = keyof InitAnswers;

/** One question: how it is put, what stands in for an empty answer, and how an answer is read. */
export interface InitQuestion<K extends InitKey = InitKey> {
  readonly key: K;
  readonly flag: string;
  readonly text: string;
  readonly standard: string | undefined;
  readonly read: (text: string) => Result<InitAnswers[K], string>;
}

const aeTitlePattern = /^[\x21-\x5b\x5d-\x7e](?:[\x20-\x5b\x5d-\x7e]{0,14}[\x21-\x5b\x5d-\x7e])?$/;

/** The six questions of `init`, in order. */
export const initQuestions: readonly InitQuestion[] = [
  {
    key: 'aeTitle',
    flag: '--ae-title <title>',
    text: 'AE title of this node',
    standard: 'LUMBAR_NODE',
    read: readAeTitle,
  },
  {
    key: 'port',
    flag: '--port <number>',
    text: 'DICOM port of this node',
    standard: '11112',
    read: readPort,
  },
  {
    key: 'timeZone',
    flag: '--time-zone <name>',
    text: 'Time zone of the site',
    standard: Intl.DateTimeFormat().resolvedOptions().timeZone,
    read: (text) => (isTimeZone(text) ? ok(text) : err('write an IANA name such as Europe/Zurich, or UTC')),
  },
  {
    key: 'sender',
    flag: '--sender <title@network>',
    text: 'First modality or router that may send, as AETITLE@address or AETITLE@network',
    standard: undefined,
    read: readSender,
  },
  {
    key: 'pacs',
    flag: '--pacs <title@host:port>',
    text: 'PACS that gets the results, as AETITLE@host:port',
    standard: undefined,
    read: readPacs,
  },
  {
    key: 'deliver',
    flag: '--deliver <on|shadow>',
    text: 'Send results (on), or only keep them here for a trial (shadow)',
    standard: 'shadow',
    read: (text) => (text === 'on' || text === 'shadow' ? ok(text) : err('write on or shadow')),
  },
];

function readAeTitle(text: string): Result<string, string> {
  return aeTitlePattern.test(text) ? ok(text) : err('an AE title has 1 to 16 ASCII characters, no backslash');
}

function readPort(text: string): Result<number, string> {
  const port = Number(text);
  return Number.isInteger(port) && port > 0 && port < 65_536
    ? ok(port)
    : err('a port is a number from 1 to 65535');
}

function readSender(text: string): Result<InitAnswers['sender'], string> {
  const [, aeTitle = '', network = ''] = /^(.+)@([^@]+)$/.exec(text) ?? [];
  const [address = '', bits] = network.split('/');
  const widest = isIP(address) === 6 ? 128 : 32;
  const fits = isIP(address) !== 0 && (bits === undefined || (/^\d+$/.test(bits) && Number(bits) <= widest));
  return aeTitlePattern.test(aeTitle) && fits
    ? ok({ aeTitle, network })
    : err('write AETITLE@address or AETITLE@network, such as DX_ROOM1@10.0.0.31');
}

function readPacs(text: string): Result<InitAnswers['pacs'], string> {
  const [, aeTitle = '', host = '', digits = '104'] =
    /^(.+)@([^@:]+|\[[^\]]+\])(?::(\d+))?$/.exec(text) ?? [];
  const port = readPort(digits);
  return aeTitlePattern.test(aeTitle) && port.ok
    ? ok({ aeTitle, host: host.replace(/^\[(.*)\]$/, '$1'), port: port.value })
    : err('write AETITLE@host:port, such as ARCHIVE@10.0.0.5:104');
}
