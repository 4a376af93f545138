import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomStream } from '../src/simulator/random.ts';
import { type Bench, type Counts, NotInjectable, type Sizes, type TortureCase } from './case.ts';
import { type Archive, type ArchiveOptions, startArchive } from './support/archive.ts';
import { AttackedNode, type Footprint, type NodeOptions } from './support/attacked-node.ts';
import { checkInvariants } from './support/invariants.ts';

export interface CaseRun {
  readonly id: string;
  readonly title: string;
  readonly result: 'passed' | 'failed' | 'not injectable';
  readonly counts: Counts;
  /** Failures, or why it cannot be injected. */
  readonly remarks: readonly string[];
  readonly seconds: number;
}

export interface BenchOptions {
  readonly seed: string;
  readonly quick: boolean;
  readonly size: Sizes;
  readonly keep: 'nothing' | 'folders';
  /** Long cases stop after this time and report what they did. */
  readonly minutes?: number;
}

interface WatchedNode {
  readonly node: AttackedNode;
  readonly archiveIsGood: boolean;
  readonly echoes: boolean;
  before: Footprint | undefined;
}

/** Runs cases one after the other, checks the invariants after each on every node that it used, and cleans up. */
export class TortureBench {
  readonly #options: BenchOptions;
  readonly #folder: string;
  #shared: WatchedNode | undefined;

  constructor(options: BenchOptions) {
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'lumbar-torture-'));
  }

  async run(torture: TortureCase): Promise<CaseRun> {
    const startedMs = performance.now();
    const remarks: string[] = [];
    const counts: Counts = {};
    const nodes: WatchedNode[] = [];
    const undo: (() => Promise<void> | void)[] = [];
    let result: CaseRun['result'] = 'passed';
    try {
      await torture.run(this.#bench(torture, { remarks, counts, nodes, undo }));
      for (const watched of nodes) remarks.push(...(await this.#invariants(watched)));
    } catch (error) {
      if (error instanceof NotInjectable) result = 'not injectable';
      remarks.push(error instanceof Error ? error.message : String(error));
    }
    for (const step of undo.reverse()) {
      try {
        await step();
      } catch (error) {
        remarks.push(`cleaning up: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (remarks.length > 0 && result === 'passed') result = 'failed';
    const seconds = Math.round((performance.now() - startedMs) / 100) / 10;
    return { id: torture.id, title: torture.title, result, counts, remarks, seconds };
  }

  async close(): Promise<void> {
    await this.#dropShared();
    if (this.#options.keep === 'nothing') rmSync(this.#folder, { recursive: true, force: true });
  }

  #bench(
    torture: TortureCase,
    run: {
      readonly remarks: string[];
      readonly counts: Counts;
      readonly nodes: WatchedNode[];
      readonly undo: (() => Promise<void> | void)[];
    },
  ): Bench {
    const folder = join(this.#folder, torture.id);
    mkdirSync(folder, { recursive: true });
    if (this.#options.keep === 'nothing')
      run.undo.push(() => rmSync(folder, { recursive: true, force: true }));
    let made = 0;
    const endMs = performance.now() + (this.#options.minutes ?? Number.POSITIVE_INFINITY) * 60_000;
    const archive = async (options: ArchiveOptions = {}): Promise<Archive> => {
      const opened = await startArchive(join(folder, `archive-${++made}`), options);
      run.undo.push(() => opened.close());
      return opened;
    };
    return {
      ...this.#options,
      folder,
      random: randomStream(`${this.#options.seed}/${torture.id}`),
      archive,
      shared: async () => {
        const watched = await this.#openShared();
        watched.before = watched.node.footprint('listener');
        run.nodes.push(watched);
        return watched.node;
      },
      node: async (options: NodeOptions = {}) => {
        const store = options.archive ?? (await archive());
        const node = await AttackedNode.prepare(join(folder, `node-${++made}`), store, options);
        run.undo.push(async () => {
          await node.stop(40_000);
        });
        await node.start(180_000);
        if (options.judgedByCase !== undefined) return node;
        run.nodes.push({
          node,
          archiveIsGood: options.archive === undefined,
          echoes: options.isClosedToUs === undefined,
          before: undefined,
        });
        return node;
      },
      count: (name, value) => {
        run.counts[name] = value;
      },
      expect: (condition, message) => {
        if (!condition) run.remarks.push(message);
      },
      defer: (step) => {
        run.undo.push(step);
      },
      timeIsUp: () => performance.now() > endMs,
      progress: (line) => {
        process.stderr.write(`${torture.id} ${line}\n`);
      },
    };
  }

  async #invariants(watched: WatchedNode): Promise<string[]> {
    const { node, archiveIsGood, echoes, before } = watched;
    const findings = await checkInvariants(node, {
      archiveIsGood,
      echoes,
      ...(before === undefined ? {} : { before }),
    });
    // A shared node that broke a promise must not colour the cases after it.
    if (findings.length > 0 && watched === this.#shared) await this.#dropShared();
    return findings.map(({ invariant, text }) => `${invariant}: ${text}`);
  }

  async #openShared(): Promise<WatchedNode> {
    if (this.#shared !== undefined && (await this.#shared.node.isServing())) return this.#shared;
    await this.#dropShared();
    const folder = mkdtempSync(join(this.#folder, 'shared-'));
    const archive = await startArchive(join(folder, 'archive'));
    const node = await AttackedNode.prepare(folder, archive);
    await node.start(180_000);
    this.#shared = { node, archiveIsGood: true, echoes: true, before: undefined };
    return this.#shared;
  }

  async #dropShared(): Promise<void> {
    const shared = this.#shared;
    this.#shared = undefined;
    await shared?.node.stop(40_000);
    await shared?.node.archive.close();
  }
}
