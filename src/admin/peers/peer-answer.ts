import { describeRefusalByHand, type Refusal, type RefusalPeer } from '../../dicom/refusal-sentences.ts';
import { faultySetting, type SettingPlaces } from '../faulty-setting.ts';

/** A destination of pacs.yaml and where its settings stand. */
export interface NamedPeer extends SettingPlaces {
  readonly peer: RefusalPeer;
}

/** Why a peer did not do what a person asked for. */
export interface ToldRefusal {
  /** Row of the table of refusals. */
  readonly key: string;
  readonly sentence: string;
  readonly next: string;
  /** The configuration line at fault, `pacs.yaml:6 (calledAeTitle: ARCHIVE2)`; null when none is. */
  readonly setting: string | null;
}

/** A refusal of something sent by hand, in the words of the table, with the line to correct. */
export function tellRefusal(refusal: Refusal, { peer, ...places }: NamedPeer): ToldRefusal {
  const { key, sentence, next } = describeRefusalByHand(refusal, peer);
  return { key, sentence, next, setting: faultySetting(refusal, peer, places) ?? null };
}

/** The same for a C-ECHO, which stores nothing (PS3.7 9.1.5): where the table speaks of objects, this does not. */
export function tellEchoRefusal(refusal: Refusal, named: NamedPeer): ToldRefusal {
  const told = tellRefusal(refusal, named);
  const { name, callingAe } = named.peer;
  switch (refusal.kind) {
    case 'status':
      return {
        ...told,
        sentence: `${name} answered the C-ECHO with a failure (status 0x${refusal.status.toString(16).toUpperCase().padStart(4, '0')}).`,
        next: `Ask the administrator of ${name} to look in its log for calls from ${callingAe}.`,
      };
    case 'context':
      return {
        ...told,
        sentence: `${name} takes associations from ${callingAe}, but no C-ECHO (Verification SOP Class refused).`,
        next: `Allow the Verification SOP Class for ${callingAe} at ${name}. It may take results all the same.`,
        setting: null,
      };
    case 'lost':
      return {
        ...told,
        sentence: `${name} closed the connection before it answered the C-ECHO.`,
        next: `Ask the administrator of ${name} to look in its log for calls from ${callingAe}.`,
      };
    case 'timeout':
      return refusal.stage === 'response'
        ? {
            ...told,
            sentence: `${name} took the C-ECHO but did not answer it in time.`,
            next: 'Try again later.',
          }
        : told;
    default:
      return told;
  }
}

/** Sentence, advice and place, for a terminal. */
export function refusalLines({ sentence, next, setting }: ToldRefusal): readonly string[] {
  return [sentence, `Do: ${next}`, ...(setting === null ? [] : [`Setting: ${setting}.`])];
}
