import type { ChildChannel } from './child-channel.ts';
import type { WorkStep } from './worker-loop.ts';

/** Asks once to be replaced when another model has been made the active one; the work in hand ends by the old one. */
export function modelChoiceStep(channel: ChildChannel, isReplaced: () => boolean): WorkStep {
  let hasAsked = false;
  return () => {
    if (!hasAsked && isReplaced()) {
      hasAsked = true;
      channel.tell({ kind: 'recycle', why: 'another model is the active one' });
    }
    return Promise.resolve(false);
  };
}
