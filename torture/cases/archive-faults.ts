import { commandField } from '../../src/dicom/command-set.ts';
import { sopClassUid } from '../../src/dicom/sop-class.ts';
import { hostClock } from '../../src/store/store.ts';
import {
  type PacsScript,
  type Reply,
  type ScriptedPacs,
  startScriptedPacs,
  storedUids,
} from '../../tests/support/scripted-pacs.ts';
import type { Bench, TortureCase } from '../case.ts';
import type { AttackedNode } from '../support/attacked-node.ts';
import { runExistingTests } from '../support/existing-tests.ts';
import { ImageFactory, testImage } from '../support/images.ts';
import { traceProcess } from '../support/strace.ts';
import { reached } from '../support/waiting.ts';

/** P02 to P07: archives that are silent, wrong, choosy or send our own objects back. */
export const archiveFaultCases: readonly TortureCase[] = [
  {
    id: 'P02',
    title: 'archive accepts TCP and never answers; answers after the deadline',
    injects: 'a scripted archive: silent on connect, silent after C-STORE, then good; response timeout 3 s',
    expects: 'timeout, socket destroyed, another try, one effect',
    run: async (bench) => {
      const { node, pacs } = await hostile(bench, { onMessage: () => [] });
      await node.storeUntilAcknowledged([new ImageFactory(`${bench.seed}/P02`).next()]);
      await reached(() => storedUids(pacs).length >= 1, 60_000);
      const sender = node.pids().sender;
      pacs.use({ onConnect: 'silent' });
      await reached(() => pacs.openSockets() === 0, 30_000);
      pacs.use({});
      bench.expect(await settledAfterBreaker(node), `still open: ${node.unsettled()}`);
      bench.count('C-STORE received', storedUids(pacs).length);
      bench.count('different objects', new Set(storedUids(pacs)).size);
      bench.expect(
        await reached(() => pacs.openSockets() <= 1, 30_000),
        `${pacs.openSockets()} sockets are open`,
      );
      bench.expect(node.pids().sender === sender, 'the sender was restarted');
    },
  },
  {
    id: 'P03',
    title: 'the archive has answered, the sender dies before it commits',
    injects: 'strace kills the sender at the first fdatasync after the response has come',
    expects: 'the same UID and the same bytes once more; one object at the archive',
    run: async (bench) => {
      const node = await bench.node();
      const image = new ImageFactory(`${bench.seed}/P03`).next();
      const sender = node.pids().sender ?? 0;
      // The claim is one commit and the answer the next: the second fdatasync or later is that of the answer.
      const trace = await traceProcess(
        sender,
        ['trace=fdatasync', `inject=fdatasync:signal=SIGKILL:when=${bench.quick ? 2 : 3}`],
        `${bench.folder}/strace.txt`,
      );
      await node.storeUntilAcknowledged([image]);
      await reached(() => node.pids().sender !== sender, 120_000);
      await trace.stop();
      bench.expect(await node.isSettled(), `still open: ${node.unsettled()}`);
      const uids = node.archive.received.map(({ sopInstanceUid }) => sopInstanceUid);
      bench.count('received', uids.length);
      bench.count('different objects', new Set(uids).size);
      bench.expect(new Set(uids).size === 2, 'not one capture and one report');
    },
  },
  {
    id: 'P04',
    title: 'A700, A900, C000, 0122, B000, wrong Message ID, two responses, abort, rejections',
    injects: 'a scripted archive that answers each object so, twice, then well',
    expects: 'as the error map says: stored, sent again, or parked with a reason; never lost, never silent',
    run: async (bench) => {
      const answers: readonly (readonly [string, PacsScript])[] = [
        ['A700', responding(0xa700)],
        ['0110', responding(0x0110)],
        ['B000', responding(0xb000)],
        [
          'wrong Message ID',
          {
            onMessage: storeReplies([{ kind: 'respond', status: 0, as: { messageIdBeingRespondedTo: 999 } }]),
          },
        ],
        [
          'two responses',
          {
            onMessage: storeReplies([
              { kind: 'respond', status: 0 },
              { kind: 'respond', status: 0 },
            ]),
          },
        ],
        ['abort', { onMessage: storeReplies([{ kind: 'abort', source: 2, reason: 0 }]) }],
        ['reset', { onMessage: storeReplies([{ kind: 'reset' }]) }],
        ['rejected transient', { onAssociate: { kind: 'reject', result: 2, source: 3, reason: 2 } }],
      ];
      const { node, pacs } = await hostile(bench, {});
      const factory = new ImageFactory(`${bench.seed}/P04`);
      for (const [name, script] of answers) {
        const before = pacs.messages.length + pacs.associations.length;
        pacs.use(script);
        await node.storeUntilAcknowledged([factory.next()]);
        await reached(() => pacs.messages.length + pacs.associations.length > before, 60_000);
        pacs.use({});
        bench.expect(await settledAfterBreaker(node), `after ${name} still open: ${node.unsettled()}`);
      }
      const parked: string[] = [];
      for (const [name, status] of [
        ['A900', 0xa900],
        ['C000', 0xc000],
        ['0122', 0x0122],
      ] as const) {
        pacs.use(responding(status));
        await node.storeUntilAcknowledged([factory.next()]);
        const isParked = await reached(
          () => node.one("SELECT count(*) AS n FROM outbox WHERE state = 'PARKED'") > parked.length,
          120_000,
        );
        parked.push(`${name} ${isParked ? 'parked' : 'not parked'}`);
        bench.expect(isParked, `${name}: nothing was parked`);
        pacs.use({});
        await settledAfterBreaker(node);
      }
      bench.count('answers', answers.length + parked.length);
      bench.count('permanent ones', parked.join(', '));
      const silent = node.one(
        "SELECT count(*) AS n FROM outbox WHERE state = 'PARKED' AND lastError IS NULL",
      );
      bench.expect(silent === 0, `${silent} are parked without a reason`);
      await runExistingTests(bench, ['tests/unit/scu/delivery-decision.test.ts']);
    },
  },
  {
    id: 'P05',
    title: 'archive refuses the SR context and takes the SC',
    injects: 'a scripted archive that rejects every SR SOP class',
    expects: 'capture stored, report parked with an alert, nothing silent',
    run: async (bench) => {
      const isReport = (uid: string): boolean => uid.startsWith('1.2.840.10008.5.1.4.1.1.88.');
      const { node, pacs } = await hostile(bench, { contextResult: (uid) => (isReport(uid) ? 3 : 0) });
      await node.storeUntilAcknowledged([new ImageFactory(`${bench.seed}/P05`).next()]);
      const isParked = await reached(
        () => node.one("SELECT count(*) AS n FROM outbox WHERE state = 'PARKED'") === 1,
        120_000,
      );
      bench.expect(isParked, 'the report was not parked');
      const classes = pacs.messages.map(({ command }) => command.affectedSopClassUid);
      bench.count(
        'captures stored',
        classes.filter((uid) => uid === sopClassUid.secondaryCaptureImageStorage).length,
      );
      bench.expect(classes.includes(sopClassUid.secondaryCaptureImageStorage), 'the capture was not sent');
      const alerts = node.books((store) => store.alerts.active());
      bench.count('alerts', alerts.map(({ cause }) => cause).join(' '));
      bench.expect(alerts.length > 0, 'no alert');
    },
  },
  {
    id: 'P06',
    title: 'one poison object in the outbox',
    injects: 'an archive that answers C000H for one study and takes the others',
    expects: 'the others flow; the poison one is parked',
    run: async (bench) => {
      const factory = new ImageFactory(`${bench.seed}/P06`);
      let poison: string | undefined;
      const { node, pacs } = await hostile(bench, {
        onMessage: ({ command }) => {
          if (command.commandField !== commandField.cStoreRequest) return [{ kind: 'respond', status: 0 }];
          poison ??= command.affectedSopInstanceUid;
          return [{ kind: 'respond', status: command.affectedSopInstanceUid === poison ? 0xc000 : 0 }];
        },
      });
      await node.storeUntilAcknowledged(Array.from({ length: 6 }, () => factory.next()));
      const flows = await reached(
        () =>
          node.unsettled() === '' && node.one("SELECT count(*) AS n FROM outbox WHERE state = 'PARKED'") >= 1,
        240_000,
      );
      bench.expect(flows, `still open: ${node.unsettled()}`);
      bench.count('stored', node.one("SELECT count(*) AS n FROM outbox WHERE state = 'STORED'"));
      bench.count('parked', node.one("SELECT count(*) AS n FROM outbox WHERE state = 'PARKED'"));
      bench.count('C-STORE received', storedUids(pacs).length);
    },
  },
  {
    id: 'P07',
    title: 'archive sends our own SR and SC back, and images we know',
    injects: 'C-STORE of the received result objects and of the analysed image into the listener',
    expects: 'SR and SC refused by their SOP class, the image counted as a duplicate; 0 new jobs',
    run: async (bench) => {
      const node = await bench.node();
      const image = new ImageFactory(`${bench.seed}/P07`).next();
      await node.storeUntilAcknowledged([image]);
      await node.isSettled();
      const jobs = node.one('SELECT count(*) AS n FROM job');
      const answers: string[] = [];
      for (const object of node.archive.received.slice()) {
        const back = testImage(Buffer.alloc(100), {
          sopClassUid: object.sopClassUid,
          sopInstanceUid: object.sopInstanceUid,
          studyInstanceUid: image.studyInstanceUid,
          transferSyntax: object.transferSyntaxUid,
        });
        await node.store([back], (answer) =>
          answers.push(answer.status === undefined ? answer.why : answer.status.toString(16)),
        );
      }
      await node.store([image], ({ status }) => answers.push(status?.toString(16) ?? 'none'));
      await node.isSettled();
      bench.count('answers', answers.join(', '));
      bench.expect(node.one('SELECT count(*) AS n FROM job') === jobs, 'a job was made');
      bench.expect(
        node.one('SELECT sum(duplicateCount) AS n FROM instance') === 1,
        'the image was not counted as a duplicate',
      );
    },
  },
];

/** A node whose archive is scripted; its answers are short of patience so that a case ends. */
async function hostile(
  bench: Bench,
  script: PacsScript,
): Promise<{ node: AttackedNode; pacs: ScriptedPacs }> {
  const pacs = await startScriptedPacs(script);
  bench.defer(() => pacs.stop());
  const away = await bench.archive({ isAway: true });
  const node = await bench.node({
    archive: { ...away, port: pacs.port },
    config: {
      pacs: [
        `{ name: archive, host: 127.0.0.1, port: ${pacs.port}, calledAeTitle: DEMO_PACS, rate: 1000, timeouts: { connect: 3s, associate: 3s, response: 3s } }`,
      ],
    },
  });
  return { node, pacs };
}

/** Back-off and breaker may wait minutes; one image in hand is settled when they have tried again. */
async function settledAfterBreaker(node: AttackedNode): Promise<boolean> {
  const startMs = hostClock.monotonicMs();
  return await reached(
    () => node.unsettled() === '' || hostClock.monotonicMs() - startMs > 300_000,
    310_000,
    250,
  ).then(() => node.unsettled() === '');
}

function responding(status: number): PacsScript {
  return { onMessage: storeReplies([{ kind: 'respond', status }]) };
}

function storeReplies(replies: readonly Reply[]): NonNullable<PacsScript['onMessage']> {
  return ({ command }) =>
    command.commandField === commandField.cStoreRequest ? replies : [{ kind: 'respond', status: 0 }];
}
