import {
  learnUsualHours,
  minuteOfWeekIn,
  silentUsualMs,
  usualHoursRule,
  usualHoursText,
} from '../admin/alerts/usual-hours.ts';
import type { NodeConfig, SenderConfig } from '../core/config/index.ts';
import { hostClock, type Store } from '../store/store.ts';

/** One configured sender: when it last sent, when it usually does, and how much usual time has passed since. */
export interface SenderStanding {
  readonly aeTitle: string;
  readonly name: string;
  readonly lastImageAtMs: number | undefined;
  /** For people; empty while there are none. */
  readonly usualHours: string;
  readonly silentUsualMs: number;
}

const learnAgainAfterMs = 3_600_000;
const weekMs = 7 * 86_400_000;

interface UsualTime {
  readonly text: string;
  readonly includes: (minuteOfWeek: number) => boolean;
}

/** Watches the silence of senders against their configured hours, or the hours learnt from their own history. */
export class SenderWatch {
  readonly #config: NodeConfig;
  readonly #store: Pick<Store, 'monitor'>;
  readonly #minuteOfWeek: ReturnType<typeof minuteOfWeekIn>;
  readonly #learnt = new Map<string, { readonly atMs: number; readonly usual: UsualTime }>();

  constructor(config: NodeConfig, store: Pick<Store, 'monitor'>) {
    this.#config = config;
    this.#store = store;
    this.#minuteOfWeek = minuteOfWeekIn(config.timeZone);
  }

  standings(): SenderStanding[] {
    const nowMs = hostClock.nowMs();
    const last = new Map(
      this.#store.monitor
        .senders()
        .map(({ callingAeTitle, lastImageAtMs }) => [callingAeTitle, lastImageAtMs]),
    );
    return this.#config.senders.map((sender) => {
      const { aeTitle, name } = sender;
      const lastImageAtMs = last.get(aeTitle);
      const usual = sender.usualHours === undefined ? this.#learn(aeTitle, nowMs) : configured(sender);
      return {
        aeTitle,
        name,
        lastImageAtMs,
        usualHours: usual.text,
        silentUsualMs:
          lastImageAtMs === undefined || usual.text === ''
            ? 0
            : silentUsualMs(lastImageAtMs, nowMs, (atMs) => usual.includes(this.#minuteOfWeek(atMs))),
      };
    });
  }

  #learn(aeTitle: string, nowMs: number): UsualTime {
    const known = this.#learnt.get(aeTitle);
    if (known !== undefined && nowMs - known.atMs < learnAgainAfterMs && nowMs >= known.atMs)
      return known.usual;
    const active = this.#store.monitor.activeHours(aeTitle, nowMs - usualHoursRule.weeks * weekMs, nowMs);
    const hours = learnUsualHours(active, nowMs, this.#minuteOfWeek);
    const text = usualHoursText(hours);
    const usual: UsualTime = {
      text: text === '' ? '' : `${text} (learnt)`,
      includes: (minute) => hours.has(Math.floor(minute / 60)),
    };
    this.#learnt.set(aeTitle, { atMs: nowMs, usual });
    return usual;
  }
}

/** Configured hours count days from Sunday; the minute of the week counts from Monday. */
function configured({ usualHours }: SenderConfig): UsualTime {
  if (usualHours === undefined) return { text: '', includes: () => false };
  const { days, fromMinute, toMinute } = usualHours;
  const names = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
  const clock = (minute: number): string =>
    `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
  return {
    text: `${days.map((day) => names[day] ?? '').join(' ')} ${clock(fromMinute)}-${clock(toMinute)} (configured)`,
    includes: (minute) => {
      const day = (Math.floor(minute / 1440) + 1) % 7;
      return days.includes(day) && minute % 1440 >= fromMinute && minute % 1440 < toMinute;
    },
  };
}
