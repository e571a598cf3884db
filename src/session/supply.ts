import type { Preparation } from './preparation.ts';
import type { LeaseOptions, WaitingLine } from './waiting-line.ts';

/** What the desk needs of the pool to make a session when none is free. */
export interface Growth {
  readonly isEager: boolean;
  /** Whether there is a place for one more. */
  hasRoom(): boolean;
  /** Whether there is one for a session that nobody needs yet. */
  hasSpareRoom(openLeases: number): boolean;
  /** A new living session that is not yet available; -1 when no further one is to be had for now. */
  grow(options: LeaseOptions): number | Promise<number>;
  /** Why a session that is not alive retired. */
  reasonOf(id: string): string | undefined;
}

const NO_OPTIONS: LeaseOptions = Object.freeze({});

/** Sees to it, in a pool with hooks, that as many sessions are on their way as there are leases waiting. */
export class Supply {
  readonly #preparation: Preparation;
  readonly #growth: Growth;
  readonly #line: WaitingLine;
  readonly #admit: (slot: number) => void;
  readonly #serve: () => void;
  #growingCount = 0;

  constructor(parts: {
    preparation: Preparation;
    growth: Growth;
    line: WaitingLine;
    /** A session that was made may enter. */
    admit: (slot: number) => void;
    /** No further session is to be had: those in line must take what there is. */
    serve: () => void;
  }) {
    this.#preparation = parts.preparation;
    this.#growth = parts.growth;
    this.#line = parts.line;
    this.#admit = parts.admit;
    this.#serve = parts.serve;
  }

  /** Sessions that will be there soon, if all goes well. */
  get onTheWayCount(): number {
    return this.#preparation.onTheWayCount + this.#growingCount;
  }

  /** For those in line who take any session. */
  ensureEnough(): void {
    for (;;) {
      const first = this.#line.firstOfAny();
      if (!first || this.onTheWayCount >= this.#line.anyCount) return;
      if (!this.addOne(first.options)) return;
    }
  }

  /** Begins with a session nobody has wanted so far, or makes a new one. Says whether there was one. */
  addOne(options: LeaseOptions = NO_OPTIONS): boolean {
    if (this.#preparation.prepareOneMore()) return true;
    if (!this.#growth.hasRoom() || !this.#preparation.isHopeful) return false;
    let grown: number | Promise<number>;
    try {
      grown = this.#growth.grow(options);
    } catch (error) {
      this.#failFirst(error);
      return false;
    }
    if (grown === -1) {
      this.#serve();
      return false;
    }
    if (typeof grown === 'number') this.#enter(grown);
    else void this.#await(grown);
    return true;
  }

  async #await(grown: Promise<number>): Promise<void> {
    this.#growingCount++;
    try {
      const slot = await grown;
      this.#growingCount--;
      if (slot === -1) this.#serve();
      else this.#enter(slot);
    } catch (error) {
      this.#growingCount--;
      this.#failFirst(error);
    }
    this.ensureEnough();
  }

  #enter(slot: number): void {
    this.#admit(slot);
    this.#preparation.prepare(slot);
  }

  /** Somebody must be told. When nobody waits, the next lease meets the error itself. */
  #failFirst(error: unknown): void {
    const first = this.#line.firstOfAny();
    if (!first) return;
    this.#line.remove(first);
    first.fail(error);
  }
}
