import { type Clock, systemClock } from '../../core/clock.ts';
import { nextTurn } from '../../core/next-turn.ts';
import { randomInteger, systemRandom } from '../../core/random.ts';
import type { Connection } from './connection.ts';
import { isBusy, isFull, storageErrorOf } from './sqlite-error.ts';

/**
 * Part of a transaction. It may be run more than once, each time after what it did was taken back, so it
 * must change nothing but the database. The generator form yields between chunks of a few hundred rows;
 * the event loop may then get a turn while the transaction stays open.
 */
export type WriteOperation<T> =
  | { readonly atOnce: (connection: Connection) => T }
  | { readonly inChunks: (connection: Connection) => Generator<void, T, void> };

export interface GroupCommitOptions {
  readonly connection: Connection;
  readonly path: string;
  /** How long a write waits for other processes before it is rejected. */
  readonly lockTimeoutMs: number;
  /** Copies the log into the database; awaited between transactions. */
  readonly checkpoint: (options: { isForced: boolean }) => Promise<void>;
}

interface Pending {
  readonly operation: WriteOperation<unknown>;
  readonly queuedAt: number;
  result: unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** A turn of the event loop ends after this long, and with it the transaction, as soon as the operation at work allows. */
const TURN_MS = 6;
/** After working this long without a break, other processes get a chance to take the lock. */
const BREAK_AFTER_MS = 100;
const BREAK_MS = 3;
const MAX_LOCK_RETRY_MS = 16;

/** How long the event loop is held up is a matter of real time, whatever clock the storage was given. */
const realTime: Clock = systemClock;

/**
 * Collects the writes of all callers and commits those of one turn in one transaction: a commit costs as much
 * as a dozen rows. A write's promise resolves after its commit. When a transaction fails, its operations are
 * tried again one by one, so that a failing one takes nobody with it.
 */
export class GroupCommit {
  readonly #options: GroupCommitOptions;
  #queue: Pending[] = [];
  /** How many operations at the head of the queue must have a transaction of their own. */
  #aloneCount = 0;
  #turnStartedAt = 0;
  #worker: Promise<void> | undefined;

  constructor(options: GroupCommitOptions) {
    this.#options = options;
  }

  /** Operations take effect in the order in which they were handed in. */
  write<T>(operation: WriteOperation<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({
        operation,
        queuedAt: realTime.monotonicMs(),
        result: undefined,
        resolve: resolve as (value: unknown) => void,
        reject,
      });
      this.#worker ??= this.#work();
    });
  }

  /** Resolves when nothing is left to write. */
  async idle(): Promise<void> {
    while (this.#worker) await this.#worker;
  }

  async #work(): Promise<void> {
    let breakAt = realTime.monotonicMs() + BREAK_AFTER_MS;
    while (this.#queue.length > 0) {
      await this.#nextTurn();
      if (await this.#begin()) await this.#transact();
      await this.#options.checkpoint({ isForced: false });
      if (realTime.monotonicMs() < breakAt) continue;
      await realTime.sleep(BREAK_MS);
      breakAt = realTime.monotonicMs() + BREAK_AFTER_MS;
    }
    this.#worker = undefined;
  }

  /** Takes the write lock; `false` when nobody is left who would wait for it. */
  async #begin(): Promise<boolean> {
    for (let delayMs = 1; ; delayMs = Math.min(2 * delayMs, MAX_LOCK_RETRY_MS)) {
      try {
        this.#options.connection.exec('BEGIN IMMEDIATE');
        return true;
      } catch (error) {
        if (!this.#rejectAfter(error)) return false;
        await realTime.sleep(delayMs + randomInteger(systemRandom, delayMs));
        this.#turnStartedAt = realTime.monotonicMs();
      }
    }
  }

  /** Rejects whoever will not wait longer; all, when waiting cannot help. Tells whether anybody is left. */
  #rejectAfter(error: unknown): boolean {
    const patience = isBusy(error) ? this.#options.lockTimeoutMs : Number.NEGATIVE_INFINITY;
    const now = realTime.monotonicMs();
    const rejected: Pending[] = [];
    const kept: Pending[] = [];
    for (const pending of this.#queue) {
      (now - pending.queuedAt >= patience ? rejected : kept).push(pending);
    }
    this.#queue = kept;
    this.#aloneCount = Math.max(0, this.#aloneCount - rejected.length);
    for (const { reject } of rejected) reject(storageErrorOf(error, this.#options.path));
    return kept.length > 0;
  }

  async #transact(): Promise<void> {
    const { connection, path } = this.#options;
    const isAlone = this.#aloneCount > 0;
    if (isAlone) this.#aloneCount--;
    let count = 0;
    try {
      do {
        await this.#run(this.#queue[count++] as Pending);
      } while (!isAlone && count < this.#queue.length && !this.#isTurnOver());
      connection.exec('COMMIT');
    } catch (error) {
      connection.rollback();
      if (isFull(error) && !isAlone) await this.#options.checkpoint({ isForced: true });
      if (isAlone || (count === 1 && !isFull(error))) {
        this.#queue.shift()?.reject(storageErrorOf(error, path));
      } else {
        this.#aloneCount = count;
      }
      return;
    }
    for (const { resolve, result } of this.#queue.splice(0, count)) resolve(result);
  }

  async #run(pending: Pending): Promise<void> {
    const { operation } = pending;
    const { connection } = this.#options;
    if ('atOnce' in operation) {
      pending.result = operation.atOnce(connection);
      return;
    }
    const steps = operation.inChunks(connection);
    for (;;) {
      const step = steps.next();
      if (step.done) {
        pending.result = step.value;
        return;
      }
      if (this.#isTurnOver()) await this.#nextTurn();
    }
  }

  #isTurnOver(): boolean {
    return realTime.monotonicMs() - this.#turnStartedAt > TURN_MS;
  }

  async #nextTurn(): Promise<void> {
    await nextTurn();
    this.#turnStartedAt = realTime.monotonicMs();
  }
}
