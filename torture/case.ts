import type { RandomStream } from '../src/simulator/random.ts';
import type { Archive, ArchiveOptions } from './support/archive.ts';
import type { AttackedNode, NodeOptions } from './support/attacked-node.ts';

/** What a case counted, in the order in which it is printed. */
export type Counts = Record<string, number | string>;

/** How much of a case is done. `quick` is what continuous integration can afford. */
export interface Sizes {
  readonly kills: number;
  readonly powerCuts: number;
  readonly streams: number;
  readonly socketStreams: number;
  readonly mutants: number;
  readonly awayDays: number;
  readonly studiesPerDay: number;
  /** Before the soak that is measured, at twice its rate. */
  readonly soakWarmUpMinutes: number;
  readonly soakMinutes: number;
  readonly soakPerHour: number;
  readonly storingAssociations: number;
  readonly imagesPerAssociation: number;
  readonly idleSockets: number;
  readonly churn: number;
  readonly cuts: number;
  readonly backlog: number;
  readonly retentionRows: number;
}

/** What a case is given. Everything that it opens through the bench is closed when the case ends. */
export interface Bench {
  readonly seed: string;
  readonly random: RandomStream;
  readonly quick: boolean;
  readonly size: Sizes;
  /** An empty folder of this case. */
  readonly folder: string;
  /** The node that all gentle cases share, with its good archive. It is started again when a case before broke it. */
  shared(): Promise<AttackedNode>;
  /** A node of its own for this case; checked and stopped when the case ends. */
  node(options?: NodeOptions): Promise<AttackedNode>;
  archive(options?: ArchiveOptions): Promise<Archive>;
  count(name: string, value: number | string): void;
  /** Notes a failure and goes on. */
  expect(condition: boolean, message: string): void;
  /** Work to be undone when the case ends, newest first. */
  defer(undo: () => Promise<void> | void): void;
  /** True when the run was given a time (`--minutes`) and it is over: long cases stop there and count what they did. */
  timeIsUp(): boolean;
  /** One line of progress for long runs, on standard error. */
  progress(line: string): void;
}

/** A fault or an attack of the plan. */
export interface TortureCase {
  readonly id: string;
  readonly title: string;
  /** How it is done. */
  readonly injects: string;
  readonly expects: string;
  /** Part of the quick selection (`--quick`). */
  readonly quick?: true;
  run(bench: Bench): Promise<void>;
}

/** Thrown by a case that cannot be done on this machine; its message is the reason in the table. */
export class NotInjectable extends Error {}
