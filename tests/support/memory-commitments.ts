import type { Commitments, StoredReference } from '../../src/scu/ports.ts';

interface Transaction {
  state: 'REQUESTED' | 'REPORTED' | 'FAILED' | 'EXPIRED';
  readonly outboxIds: readonly number[];
  readonly deadlineMs: number;
}

/** The commitment port in memory, with the rules of the real one: idempotent on the Transaction UID. */
export class MemoryCommitments implements Commitments {
  readonly #objects: (StoredReference & { state: string })[] = [];
  readonly #transactions = new Map<string, Transaction>();

  /** A destination confirmed this object. */
  stored(sopInstanceUid: string, sopClassUid: string): void {
    const outboxId = this.#objects.length + 1;
    this.#objects.push({
      outboxId,
      sopInstanceUid,
      sopClassUid,
      seriesInstanceUid: '1.2.9',
      studyInstanceUid: '1.2',
      state: 'STORED',
    });
  }

  states(): string[] {
    return this.#objects.map((object) => object.state);
  }

  transactionUids(): string[] {
    return [...this.#transactions.keys()];
  }

  storedWithoutCommitment(_: string, limit: number): StoredReference[] {
    const open = [...this.#transactions.values()]
      .filter((one) => one.state === 'REQUESTED')
      .flatMap((one) => one.outboxIds);
    return this.#objects
      .filter((one) => one.state === 'STORED' && !open.includes(one.outboxId))
      .slice(0, limit);
  }

  open(transaction: { transactionUid: string; outboxIds: readonly number[]; deadlineMs: number }): void {
    if (this.#transactions.has(transaction.transactionUid))
      throw new Error('the Transaction UID was used before');
    this.#transactions.set(transaction.transactionUid, { ...transaction, state: 'REQUESTED' });
  }

  fail(transactionUid: string): void {
    const transaction = this.#transactions.get(transactionUid);
    if (transaction !== undefined) transaction.state = 'FAILED';
  }

  report(result: Parameters<Commitments['report']>[0]): Awaited<ReturnType<Commitments['report']>> {
    const transaction = this.#transactions.get(result.transactionUid);
    if (transaction === undefined) return { kind: 'unknown' };
    if (transaction.state === 'REPORTED') return { kind: 'duplicate' };
    transaction.state = 'REPORTED';
    for (const object of this.#objects.filter((one) => transaction.outboxIds.includes(one.outboxId))) {
      const failure = result.failed.find((one) => one.sopInstanceUid === object.sopInstanceUid);
      if (failure !== undefined) object.state = `FAILED ${failure.failureReason}`;
      else if (result.committed.includes(object.sopInstanceUid)) object.state = 'COMMITTED';
    }
    return { kind: 'recorded', destination: 'main' };
  }

  expire(nowMs: number): number {
    const lost = [...this.#transactions.values()].filter(
      (one) => one.state === 'REQUESTED' && one.deadlineMs <= nowMs,
    );
    for (const transaction of lost) transaction.state = 'EXPIRED';
    return lost.length;
  }
}
