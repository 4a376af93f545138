import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { encodeCommandSet } from '../../src/dicom/command-set.ts';
import type { TortureCase } from '../case.ts';
import { ImageFactory, testImage, withElements } from '../support/images.ts';
import {
  associatedWith,
  connectTo,
  echoBytes,
  nextStatus,
  requestBytes,
  storeBytes,
  untilClosed,
} from '../support/raw-peer.ts';
import { traceProcess } from '../support/strace.ts';
import { reached } from '../support/waiting.ts';

/** N07 to N10: names that lie, and strangers. */
export const identityCases: readonly TortureCase[] = [
  {
    id: 'N07',
    title: 'SOP Instance UID as a path, empty, 65 characters, NUL, not ASCII',
    injects: 'raw command sets and data sets, strace on the listener',
    expects: 'refused; no file is opened outside the data folder',
    quick: true,
    run: async (bench) => {
      const node = await bench.node({ env: { NODE_DISABLE_COMPILE_CACHE: '1' } });
      const image = new ImageFactory(`${bench.seed}/N07`).next();
      const trace = await traceProcess(
        node.pids().listener ?? 0,
        ['trace=openat,open,creat,rename,renameat,renameat2,mkdir,mkdirat,unlink,unlinkat,symlink,link'],
        join(bench.folder, 'listener.strace'),
      );
      const uids = [
        '../../../../x/pwned',
        '..',
        '1..2',
        '1'.repeat(65),
        '',
        '1.2\0.3',
        '1.2.\u00e9',
        '/etc/passwd',
        '1.2.0.-3',
      ];
      let refused = 0;
      for (const uid of uids) {
        for (const [place, bytes] of [
          ['command', storeBytes(image, 16_000, rawStoreCommand(image.sopClassUid, uid))],
          [
            'data set',
            storeBytes({ ...image, dataSet: withElements(image.dataSet, [[0x00080018, 'UI', uid]]) }),
          ],
          [
            'study',
            storeBytes({ ...image, dataSet: withElements(image.dataSet, [[0x0020000d, 'UI', uid]]) }),
          ],
        ] as const) {
          const peer = await associatedWith(node);
          peer.send(bytes);
          const answer = await peer.nextPdu();
          const status = answer?.type === 4 ? answer.body.readUInt16LE(answer.body.length - 2) : undefined;
          bench.expect(
            answer?.type === 7 || (answer?.type === 4 && status !== 0),
            `${JSON.stringify(uid)} in the ${place} was taken`,
          );
          refused++;
          peer.destroy();
        }
      }
      await trace.stop();
      // Reading its own modules and /sys is no peer's doing; everything else must stay in the data folder.
      const outside = trace
        .text()
        .split('\n')
        .filter(
          (line) => !/O_RDONLY/.test(line) || !/"(\/proc\/|\/sys\/|[^"]*\/(node_modules|src)\/)/.test(line),
        )
        .flatMap((line) => [...line.matchAll(/"(\/[^"]*|[^"]*\.\.[^"]*)"/g)].map(([, path = '']) => path))
        .filter((path) => !path.startsWith(node.dataFolder));
      bench.count('attempts', refused);
      bench.count('paths touched outside the data folder', outside.length);
      bench.expect(outside.length === 0, `touched ${[...new Set(outside)].slice(0, 5).join(' ')}`);
      bench.expect(!existsSync('/x/pwned'), 'the file /x/pwned exists');
      bench.expect(node.one('SELECT count(*) AS n FROM instance') === 0, 'a row was written');
    },
  },
  {
    id: 'N08',
    title: 'command UID differs from the data set; UIDs missing',
    injects: 'C-STORE whose data set is another',
    expects: 'A900H, file removed, 0 jobs',
    run: async (bench) => {
      const node = await bench.shared();
      const image = new ImageFactory(`${bench.seed}/N08`).next();
      const before = node.one('SELECT count(*) AS n FROM job');
      const dataSets = [
        withElements(image.dataSet, [[0x00080018, 'UI', '1.2.3.4']]),
        withElements(image.dataSet, [[0x00080016, 'UI', '1.2.840.10008.5.1.4.1.1.2']]),
        withElements(image.dataSet, [[0x0020000d, 'UI', '']]),
        withElements(image.dataSet, [[0x0020000e, 'UI', '']]),
      ];
      const peer = await associatedWith(node);
      for (const dataSet of dataSets) {
        peer.send(storeBytes({ ...image, dataSet }));
        const status = await nextStatus(peer);
        bench.expect(status === 0xa900, `answered ${status?.toString(16) ?? 'nothing'}`);
      }
      peer.destroy();
      bench.count('objects', dataSets.length);
      bench.expect(node.one('SELECT count(*) AS n FROM job') === before, 'a job was made');
    },
  },
  {
    id: 'N09',
    title: 'shell metacharacters, %s, line breaks and ANSI codes in AE title and header',
    injects: 'PN, LO and descriptions that would run a program, AE titles with control characters',
    expects: 'no effect; every log line is one JSON object without control characters',
    run: async (bench) => {
      const node = await bench.shared();
      const mark = join(bench.folder, 'pwned');
      const evil = `;$(touch ${mark})\`touch ${mark}\`|touch ${mark} %s%n\x1b[31m`;
      const factory = new ImageFactory(`${bench.seed}/N09`);
      const images = [0x00081030, 0x0008103e, 0x00100010, 0x00100020].map((tag) => {
        const image = factory.next();
        const vr = tag === 0x00100010 ? 'PN' : 'LO';
        const dataSet = withElements(image.dataSet, [[tag, vr, evil.slice(0, 64)]]);
        return testImage(dataSet, image);
      });
      const statuses: (number | undefined)[] = [];
      await node.store(images, ({ status }) => statuses.push(status));
      for (const title of ['X\n{"fake":1}', 'A\x1b[31mB', '$(touch x)', '%s%s%n']) {
        const peer = await connectTo(node);
        peer.send(requestBytes({ callingAeTitle: title }));
        const types = await untilClosed(peer);
        bench.expect(types?.[0] === 7 || types?.[0] === 3, `AE title ${JSON.stringify(title)} was let in`);
        peer.destroy();
      }
      bench.count('objects', images.length);
      bench.count('answers', statuses.map((one) => one?.toString(16) ?? '-').join(' '));
      await node.isSettled();
      bench.expect(!existsSync(mark), 'a command was run');
      const odd = node
        .log()
        .split('\n')
        .filter((line) => line !== '' && !isCleanJson(line));
      bench.expect(
        odd.length === 0,
        `a log line is not clean JSON: ${JSON.stringify(odd[0] ?? '').slice(0, 120)}`,
      );
    },
  },
  {
    id: 'N10',
    title: 'calling AE title or address not allowed, then store anyway',
    injects: 'A-ASSOCIATE-RQ as a stranger, then C-STORE on the same connection',
    expects: 'A-ASSOCIATE-RJ and close; 0 rows; the refusal in the audit',
    quick: true,
    run: async (bench) => {
      const node = await bench.shared();
      const image = new ImageFactory(`${bench.seed}/N10`).next();
      const before = node.one('SELECT count(*) AS n FROM instance');
      const rejected = node.auditCount('ASSOCIATION_REJECTED');
      for (const changes of [{ callingAeTitle: 'STRANGER' }, { calledAeTitle: 'OTHER' }]) {
        for (const patience of ['waits', 'does not wait'] as const) {
          const peer = await connectTo(node);
          peer.send(requestBytes(changes), ...(patience === 'waits' ? [] : [storeBytes(image), echoBytes()]));
          const answer = await peer.nextPdu();
          bench.expect(answer?.type === 3, `answered with PDU ${answer?.type ?? 'nothing'}`);
          if (!peer.socket.destroyed) peer.send(storeBytes(image), echoBytes());
          const types = await untilClosed(peer);
          bench.expect(
            types !== undefined && !types.includes(4),
            'a message was answered after the rejection',
          );
          peer.destroy();
        }
      }
      const elsewhere = await bench.node({
        config: { senders: ['{ aeTitle: TORTURE_DX, cidr: [10.99.0.0/16] }'] },
        isClosedToUs: true,
      });
      const foreign = await connectTo(elsewhere);
      foreign.send(requestBytes());
      bench.expect(
        (await foreign.nextPdu())?.type === 3,
        'an address outside the network of its AE title was let in',
      );
      foreign.destroy();
      bench.count('attempts', 4);
      const audited = await reached(() => node.auditCount('ASSOCIATION_REJECTED') >= rejected + 4, 10_000);
      bench.expect(audited, 'I7: a refusal is missing in the audit');
      bench.expect(node.one('SELECT count(*) AS n FROM instance') === before, 'a row was written');
    },
  },
];

/** C-STORE-RQ with a UID that the encoder would refuse. */
function rawStoreCommand(sopClassUid: string, uid: string): Buffer {
  const placeholder = '1'.repeat(Math.max(1, Math.min(64, uid.length + (uid.length % 2))));
  const bytes = encodeCommandSet({
    commandField: 1,
    hasDataSet: true,
    messageId: 7,
    affectedSopClassUid: sopClassUid,
    affectedSopInstanceUid: placeholder,
    priority: 0,
  });
  const head = Buffer.from([0x00, 0x00, 0x00, 0x10]);
  const at = bytes.indexOf(head);
  const oldLength = bytes.readUInt32LE(at + 4);
  const value = Buffer.from(uid.length % 2 === 0 ? uid : `${uid}\0`, 'latin1');
  const length = Buffer.alloc(4);
  length.writeUInt32LE(value.length);
  const whole = Buffer.concat([bytes.subarray(0, at + 4), length, value, bytes.subarray(at + 8 + oldLength)]);
  whole.writeUInt32LE(whole.length - 12, 8);
  return whole;
}

function isCleanJson(line: string): boolean {
  try {
    JSON.parse(line);
  } catch {
    return false;
  }
  return !/[\x00-\x08\x0b-\x1f\x7f]/.test(line);
}
