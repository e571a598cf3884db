import type { Clock } from '../core/clock.ts';
import { FreshWrites } from '../storage/fresh-writes.ts';
import type { AddedRequest, RequestRow, RequestStore } from '../storage/request-store.ts';
import { GroupCommit, MAX_BATCH } from './group-commit.ts';
import { RecentRequests } from './recent-requests.ts';
import type { Request } from './request.ts';

/** What became of one added request. */
export interface AddedRequestInfo {
  readonly requestId: string;
  readonly uniqueKey: string;
  readonly wasAlreadyPresent: boolean;
  readonly wasAlreadyHandled: boolean;
}

interface FreshRow {
  readonly row: RequestRow;
  readonly isForefront: boolean;
}

export interface RequestAdderOptions {
  readonly store: RequestStore;
  readonly clock: Clock;
  readonly maxRecent: number;
  readonly toRow: (request: Request) => RequestRow;
  /** Something has been added; a commit should follow soon. */
  readonly onPending: () => void;
  /** The store has taken in new requests. */
  readonly onAdded: (count: number, isForefront: boolean) => void;
}

/**
 * Adds requests, asking the store only about those not seen lately. What a store took in just before it was interrupted
 * it may have lost, though it counts the page as handled that named it: such requests are added again.
 */
export class RequestAdder {
  readonly #store: RequestStore;
  readonly #recent: RecentRequests;
  readonly #toRow: (request: Request) => RequestRow;
  readonly #onPending: () => void;
  readonly #inFlight = new Map<string, Promise<AddedRequest>>();
  readonly #front: GroupCommit<RequestRow, AddedRequest>;
  readonly #back: GroupCommit<RequestRow, AddedRequest>;
  readonly #onAdded: RequestAdderOptions['onAdded'];
  readonly #fresh: FreshWrites<FreshRow>;
  #interruptionsCount: number | undefined;
  /** Up to which interruption the store has all that was added. */
  #restoredCount: number | undefined;
  #restoring: Promise<void> | undefined;

  constructor({ store, clock, maxRecent, toRow, onPending, onAdded }: RequestAdderOptions) {
    this.#store = store;
    this.#interruptionsCount = store.interruptionsCount;
    this.#restoredCount = store.interruptionsCount;
    this.#fresh = new FreshWrites(clock);
    this.#onAdded = onAdded;
    this.#toRow = toRow;
    this.#recent = new RecentRequests(maxRecent);
    this.#onPending = onPending;
    this.#front = new GroupCommit((rows) => this.#addTo(rows, true));
    this.#back = new GroupCommit((rows) => this.#addTo(rows, false));
  }

  get hasPending(): boolean {
    return this.#inFlight.size > 0;
  }

  /** The store has been interrupted since it was last seen to have all that was added. */
  get needsRestore(): boolean {
    return this.#store.interruptionsCount !== this.#restoredCount;
  }

  get needsCommit(): boolean {
    return this.#front.size > 0 || this.#back.size > 0;
  }

  /**
   * Known requests are answered at once, others when they are durable.
   */
  add(request: Request, isForefront: boolean): AddedRequestInfo | Promise<AddedRequestInfo> {
    const { uniqueKey } = request;
    const known = this.known(uniqueKey);
    if (known) return known;
    const inFlight = this.#inFlight.get(uniqueKey);
    if (inFlight) {
      return inFlight.then((added) => infoOf(uniqueKey, { ...added, wasAlreadyPresent: true }));
    }
    return this.#push(request, isForefront);
  }

  /** The answer adding this request would get without asking the store, if there is one. */
  known(uniqueKey: string): AddedRequestInfo | undefined {
    this.#forgetAfterInterruption();
    const known = this.#recent.get(uniqueKey);
    if (!known) return undefined;
    const { id, isHandled } = known;
    return { requestId: id, uniqueKey, wasAlreadyPresent: true, wasAlreadyHandled: isHandled };
  }

  noteHandled({ id, uniqueKey }: Request): void {
    const known = this.#recent.get(uniqueKey);
    if (known) known.isHandled = true;
    else this.#recent.set(uniqueKey, { id, isHandled: true });
  }

  async commit(): Promise<void> {
    await Promise.all([this.#front.commit(), this.#back.commit()]);
  }

  /** Adds again what the store may have lost; what it still knows falls away. Concurrent calls share one attempt. */
  async restore(): Promise<void> {
    while (this.needsRestore) {
      this.#restoring ??= this.#addAgain().finally(() => {
        this.#restoring = undefined;
      });
      await this.#restoring;
    }
  }

  forgetAll(): void {
    this.#recent.clear();
    this.#fresh.clear();
  }

  /** The store may have lost what it took in last; pages that come again because of it must bring their links again. */
  #forgetAfterInterruption(): void {
    const { interruptionsCount } = this.#store;
    if (interruptionsCount === this.#interruptionsCount) return;
    this.#interruptionsCount = interruptionsCount;
    this.#recent.clear();
  }

  async #addAgain(): Promise<void> {
    const { interruptionsCount } = this.#store;
    const fresh = this.#fresh.all();
    for (const isForefront of [true, false]) {
      const rows = fresh.filter((each) => each.isForefront === isForefront).map(({ row }) => row);
      while (rows.length > 0) await this.#addTo(rows.splice(0, MAX_BATCH), isForefront);
    }
    this.#restoredCount = interruptionsCount;
  }

  async #addTo(rows: readonly RequestRow[], isForefront: boolean): Promise<AddedRequest[]> {
    const { interruptionsCount } = this.#store;
    const added = await this.#store.add(rows, { isForefront });
    // When an answer was lost, the repeated call finds known what the first one added.
    const isInDoubt = this.#store.interruptionsCount !== interruptionsCount;
    let newCount = 0;
    added.forEach(({ wasAlreadyPresent }, index) => {
      if (!wasAlreadyPresent) newCount++;
      if (interruptionsCount === undefined || (wasAlreadyPresent && !isInDoubt)) return;
      const row = rows[index] as RequestRow;
      this.#fresh.note(row.id, { row, isForefront }, row.body.length);
    });
    if (newCount > 0) this.#onAdded(newCount, isForefront);
    return added;
  }

  async #push(request: Request, isForefront: boolean): Promise<AddedRequestInfo> {
    const { uniqueKey } = request;
    const adding = (isForefront ? this.#front : this.#back).push(this.#toRow(request));
    this.#inFlight.set(uniqueKey, adding);
    this.#onPending();
    try {
      const added = await adding;
      this.#recent.set(uniqueKey, { id: added.id, isHandled: added.wasAlreadyHandled });
      return infoOf(uniqueKey, added);
    } finally {
      this.#inFlight.delete(uniqueKey);
    }
  }
}

function infoOf(uniqueKey: string, added: AddedRequest): AddedRequestInfo {
  const { id, wasAlreadyPresent, wasAlreadyHandled } = added;
  return { requestId: id, uniqueKey, wasAlreadyPresent, wasAlreadyHandled };
}
