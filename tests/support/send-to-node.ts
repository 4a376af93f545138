import { demoTitles } from '../../src/app/demo-config.ts';
import { sendAsModality } from '../../src/simulator/modality.ts';
import { hostClock } from '../../src/store/store.ts';

/** Sends images to a node of the demo's titles on loopback over one association; throws when one is not taken; resolves with the time of the last answer, UTC ms. */
export async function sendToNode(port: number, images: readonly Uint8Array[]): Promise<number> {
  let answeredAtMs = 0;
  const target = {
    host: '127.0.0.1',
    port,
    callingAeTitle: demoTitles.modality,
    calledAeTitle: demoTitles.node,
  };
  const sent = await sendAsModality(
    images,
    target,
    () => hostClock.nowMs(),
    (answer) => {
      answeredAtMs = answer.answeredAtMs;
    },
  );
  if (!sent.ok) throw sent.error;
  return answeredAtMs;
}
