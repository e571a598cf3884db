import type { EndedRequest, RequestStore, ReturnedRequest } from '../storage/request-store.ts';
import { type Claims, claimOf, type Held } from './claims.ts';
import { GroupCommit } from './group-commit.ts';

interface Settled {
  readonly held: Held;
  readonly body: string;
}

interface Handled extends Settled {
  readonly isFailed: boolean;
}

interface Reclaimed extends Settled {
  readonly isForefront: boolean;
  readonly notBefore: number | undefined;
}

export interface SettlementsOptions {
  readonly store: RequestStore;
  readonly claims: Claims;
  /** Something is to be settled; a commit should follow soon. */
  readonly onPending: () => void;
  /** Requests may be fetched again, or the last one in use is done. */
  readonly onChanged: () => void;
}

/** Ends claims: handled for good, or given back. Both tell whether the claim was still ours. */
export class Settlements {
  readonly #store: RequestStore;
  readonly #claims: Claims;
  readonly #onPending: () => void;
  readonly #onChanged: () => void;
  readonly #handled = new GroupCommit((items: readonly Handled[]) => this.#writeHandled(items));
  readonly #reclaimed = new GroupCommit((items: readonly Reclaimed[]) =>
    this.#writeReclaimed(items),
  );

  constructor({ store, claims, onPending, onChanged }: SettlementsOptions) {
    this.#store = store;
    this.#claims = claims;
    this.#onPending = onPending;
    this.#onChanged = onChanged;
  }

  get needsCommit(): boolean {
    return this.#handled.size > 0 || this.#reclaimed.size > 0;
  }

  handle(item: Handled): Promise<boolean> {
    return this.#settle(item.held, this.#handled.push(item));
  }

  reclaim(item: Reclaimed): Promise<boolean> {
    return this.#settle(item.held, this.#reclaimed.push(item));
  }

  async commit(): Promise<void> {
    await Promise.all([this.#reclaimed.commit(), this.#handled.commit()]);
  }

  /** After an error of the store the claim is still held, and settling can be tried again. */
  async #settle(held: Held, written: Promise<boolean>): Promise<boolean> {
    held.isSettling = true;
    this.#onPending();
    try {
      return await written;
    } catch (error) {
      held.isSettling = false;
      throw error;
    }
  }

  async #writeHandled(items: readonly Handled[]): Promise<boolean[]> {
    const valid = await this.#store.handle(
      items.map(({ held, body, isFailed }): EndedRequest => {
        return { ...claimOf(held.row, held.fence), body, isFailed };
      }),
    );
    const results = this.#forgetSettled(items, valid);
    if (!this.#claims.hasAny) this.#onChanged();
    return results;
  }

  async #writeReclaimed(items: readonly Reclaimed[]): Promise<boolean[]> {
    const returned = items.map(({ held, body, isForefront, notBefore }): ReturnedRequest => {
      const base = { ...claimOf(held.row, held.fence), body, isForefront };
      return notBefore === undefined ? base : { ...base, notBefore };
    });
    const valid = await this.#store.giveBack(returned);
    const overtaking = returned.filter(
      ({ isForefront, notBefore }) => isForefront && notBefore === undefined,
    );
    this.#claims.noteForefront(overtaking.length);
    const results = this.#forgetSettled(items, valid);
    this.#onChanged();
    return results;
  }

  #forgetSettled(items: readonly Settled[], validIds: readonly string[]): boolean[] {
    const valid = new Set(validIds);
    return items.map(({ held }) => {
      this.#claims.forget(held);
      return valid.has(held.row.id);
    });
  }
}
