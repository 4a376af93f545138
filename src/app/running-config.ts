import { join } from 'node:path';
import {
  type ConfigChange,
  type ConfigFault,
  diffConfig,
  formatChanges,
  formatFaults,
  keepUntilRestart,
  type LoadedConfig,
} from '../core/config/index.ts';
import { asNodeError } from '../core/errors.ts';
import type { Result } from '../core/result.ts';
import { certificateUses } from './certificate-files.ts';
import { keepCompanions } from './companions.ts';
import { type EventRecord, type ProcessName, processNames, type StartOrder } from './process-messages.ts';

/** What came of one reload. */
export type ReloadOutcome =
  | {
      readonly kind: 'unchanged' | 'reloaded';
      readonly configSha256: string;
      /** The difference as people read it. */
      readonly text: string;
      /** Settings that keep their running value until the node is restarted. */
      readonly waitingForRestart: readonly string[];
    }
  | { readonly kind: 'refused'; readonly configSha256: string; readonly text: string };

/** A configuration on disk that was refused while the running one works on. */
export interface StaleConfig {
  readonly sinceMs: number;
  readonly text: string;
}

export interface RunningConfigPorts {
  /** Reads the folder and checks everything that goes with it. */
  readonly check: () => Result<LoadedConfig, readonly ConfigFault[]>;
  /** Hands the order to the processes that it concerns; the reason when they refuse. */
  readonly apply: (order: StartOrder, concerns: readonly ProcessName[]) => Promise<string | undefined>;
  readonly record: (event: EventRecord) => void;
  readonly nowMs: () => number;
}

/** Detail text in the audit: a difference of a thousand lines says no more than its beginning. */
const maxDetail = 4000;

/**
 * The configuration a running node works by, and the only way to change it. Reloads queue up behind one another; each
 * reads the folder when its turn has come. A wrong folder changes nothing and is remembered until it is right again.
 */
export class RunningConfig {
  readonly #ports: RunningConfigPorts;
  #order: StartOrder;
  #waiting: readonly ConfigChange[] = [];
  #stale: StaleConfig | undefined;
  #turn: Promise<unknown> = Promise.resolve();
  #queued = 0;

  constructor(order: StartOrder, ports: RunningConfigPorts) {
    this.#order = order;
    this.#ports = ports;
  }

  get order(): StartOrder {
    return this.#order;
  }

  get stale(): StaleConfig | undefined {
    return this.#stale;
  }

  /** Dotted names of settings whose new value waits for a restart. */
  get waitingForRestart(): readonly string[] {
    return this.#waiting.map(({ path }) => path);
  }

  /** What the folder would change now, or its faults; changes nothing. */
  difference(): { readonly differs: boolean; readonly text: string } {
    const wanted = this.#ports.check();
    if (!wanted.ok) return { differs: true, text: formatFaults(wanted.error) };
    const changes = diffConfig(this.#order.loaded, wanted.value);
    return { differs: changes.length > 0, text: formatChanges(changes) };
  }

  /** Reloads when its turn has come; never throws. */
  reload(operator: string): Promise<ReloadOutcome> {
    this.#queued++;
    const turn = this.#turn.then(async () => {
      this.#queued--;
      return await this.#reloadNow(operator);
    });
    this.#turn = turn;
    return turn;
  }

  /** For signals: many at once are one, because a reload that has not begun yet will see what they announce. */
  reloadSoon(operator: string): void {
    if (this.#queued === 0) void this.reload(operator);
  }

  async #reloadNow(operator: string): Promise<ReloadOutcome> {
    try {
      const wanted = this.#ports.check();
      if (!wanted.ok) return this.#refuse(operator, formatFaults(wanted.error));
      return await this.#takeOver(operator, wanted.value);
    } catch (error) {
      return this.#refuse(operator, `${asNodeError(error).message}\n`);
    }
  }

  async #takeOver(operator: string, wanted: LoadedConfig): Promise<ReloadOutcome> {
    const running = this.#order.loaded;
    const kept = keepUntilRestart(running, wanted);
    if (!kept.ok) {
      const why = kept.error.map((line) => `  ${line}\n`).join('');
      return this.#refuse(
        operator,
        `These changes do not go together until the node is restarted:\n${why}Restart the node, or change them back.\n`,
      );
    }
    const companionFolder = keepCompanions(
      kept.value.config,
      this.#order.configFolder,
      join(this.#order.folders.data, 'running-config'),
    );
    const changes = diffConfig(running, kept.value);
    const sameFiles = companionFolder === this.#order.companionFolder;
    const unchanged = kept.value.sha256 === running.sha256 && changes.length === 0 && sameFiles;
    this.#waiting = diffConfig(kept.value, wanted);
    const order = { ...this.#order, loaded: kept.value, companionFolder };
    // Certificates are renewed under the same names: they are read again even if no setting changed.
    if (!unchanged || certificateUses(kept.value.config).length > 0) {
      const atTheDoor = !unchanged && sameFiles && changes.every(({ path }) => concernsOnlyTheDoor(path));
      const refused = await this.#ports.apply(order, atTheDoor ? ['listener'] : processNames);
      if (refused !== undefined) return this.#refuse(operator, `${refused}\n`);
    }
    this.#order = order;
    const wasStale = this.#stale !== undefined;
    this.#stale = undefined;
    const text = reloadText(changes, sameFiles, this.#waiting);
    // Back to what is in force already also ends a refusal, and the books must show that.
    if (!unchanged || wasStale) {
      this.#ports.record({
        name: 'CONFIG_RELOADED',
        fields: { configSha256: kept.value.sha256, operator, detail: text.slice(0, maxDetail) },
      });
    }
    return {
      kind: unchanged ? 'unchanged' : 'reloaded',
      configSha256: kept.value.sha256,
      text,
      waitingForRestart: this.waitingForRestart,
    };
  }

  #refuse(operator: string, text: string): ReloadOutcome {
    this.#stale = { sinceMs: this.#stale?.sinceMs ?? this.#ports.nowMs(), text };
    this.#ports.record({ name: 'CONFIG_REFUSED', fields: { detail: text.slice(0, maxDetail), operator } });
    return { kind: 'refused', configSha256: this.#order.loaded.sha256, text };
  }
}

/** Who may send and how long they may take is the listener's alone: analysis and delivery go on undisturbed. */
function concernsOnlyTheDoor(path: string): boolean {
  return path.startsWith('senders.') || path.startsWith('listener.');
}

function reloadText(
  changes: readonly ConfigChange[],
  sameFiles: boolean,
  waiting: readonly ConfigChange[],
): string {
  const files = sameFiles ? '' : 'The vocabulary, wording or codes changed.\n';
  const now = changes.length === 0 && !sameFiles ? '' : formatChanges(changes);
  const later =
    waiting.length === 0
      ? ''
      : `Waiting for a restart:\n${formatChanges(waiting).replaceAll(/^(?=.)/gm, '  ')}`;
  return `${now}${files}${later}`;
}
