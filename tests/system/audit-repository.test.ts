import { describe, expect, onTestFinished, test } from 'vitest';
import { demoTitles } from '../../src/app/demo-config.ts';
import { initialiseCodecs } from '../../src/imaging/native-codec.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { simulateStudy } from '../../src/simulator/study.ts';
import { startFakeRepository } from '../support/audit-repository.ts';
import { peer } from '../support/peer.ts';
import { makePki } from '../support/pki.ts';
import { startNodeUnderTest } from '../support/running-node.ts';

const openssl = peer('openssl');

describe.skipIf(openssl === undefined)('a node with an audit record repository (IHE ATNA ITI-20)', () => {
  test('reports its start, each image received with its patient, each object delivered, and who was refused', async () => {
    const pki = makePki(openssl!);
    onTestFinished(() => pki.remove());
    pki.authority('ca');
    for (const name of ['repository', 'node']) pki.issue(name);
    const repository = await startFakeRepository({
      cert: pki.read('repository.pem'),
      key: pki.read('repository.key'),
      ca: pki.read('ca.pem'),
    });
    onTestFinished(() => repository.close());
    const own = await startNodeUnderTest({
      settings: {
        audit: {
          syslog: {
            host: 'localhost',
            port: repository.port,
            ca: pki.path('ca.pem'),
            certificate: pki.path('node.pem'),
            key: pki.path('node.key'),
          },
        },
      },
    });
    const target = {
      host: '127.0.0.1',
      port: own.node.port,
      callingAeTitle: demoTitles.modality,
      calledAeTitle: demoTitles.node,
    };
    const of = (code: string) =>
      repository.records.filter(({ text }) => text.includes(`<EventID csd-code="${code}"`));
    try {
      await initialiseCodecs();
      const images = simulateStudy(30_800_001, {
        size: 512,
        tags: 'orderly',
        variant: 'atna',
        views: ['neutral'],
      });
      const bytes = images.map((image) => image.bytes);
      const ignore = () => undefined;
      expect((await sendAsModality(bytes, target, () => 0, ignore)).ok).toBe(true);
      expect(
        (await sendAsModality(bytes, { ...target, callingAeTitle: 'INTRUDER' }, () => 0, ignore)).ok,
      ).toBe(false);
      await own.until('start', () => of('110100').length === 1, 20_000);
      await own.until(
        'refusal',
        () => of('110113').some(({ text }) => text.includes('UserID="INTRUDER"')),
        20_000,
      );
      await own.until(
        'received, then a capture and a report delivered',
        () =>
          of('110104').filter(({ text }) => text.includes(`ParticipantObjectID="${images[0]!.patientId}"`))
            .length >= 3,
        60_000,
      );
      // What was begun and what was done, side by side: each object once, and the image once as read by the model.
      await own.until(
        'begun: capture and report; accessed: the image',
        () => of('110102').length >= 2 && of('110103').length >= 1,
        20_000,
      );
      for (const { text } of [...of('110102'), ...of('110103')])
        expect(text).toContain(`ParticipantObjectID="${images[0]!.patientId}"`);
      expect(of('110102').every(({ text }) => text.includes('EventActionCode="E"'))).toBe(true);
      expect(repository.records[0]?.messageId).toBe('AUDIT-ANCHOR');
    } finally {
      await own.stop();
    }
  }, 120_000);
});
