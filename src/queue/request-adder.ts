import type { AddedRequest, RequestRow, RequestStore } from '../storage/request-store.ts';
import { GroupCommit } from './group-commit.ts';
import { RecentRequests } from './recent-requests.ts';
import type { Request } from './request.ts';

/** What became of one added request. */
export interface AddedRequestInfo {
  readonly requestId: string;
  readonly uniqueKey: string;
  readonly wasAlreadyPresent: boolean;
  readonly wasAlreadyHandled: boolean;
}

export interface RequestAdderOptions {
  readonly store: RequestStore;
  readonly maxRecent: number;
  readonly toRow: (request: Request) => RequestRow;
  /** Something has been added; a commit should follow soon. */
  readonly onPending: () => void;
  /** The store has taken in new requests. */
  readonly onAdded: (count: number, isForefront: boolean) => void;
}

/** Adds requests, asking the store only about those not seen lately. */
export class RequestAdder {
  readonly #store: RequestStore;
  readonly #recent: RecentRequests;
  readonly #toRow: (request: Request) => RequestRow;
  readonly #onPending: () => void;
  readonly #inFlight = new Map<string, Promise<AddedRequest>>();
  readonly #front: GroupCommit<RequestRow, AddedRequest>;
  readonly #back: GroupCommit<RequestRow, AddedRequest>;
  #interruptionsCount: number | undefined;

  constructor({ store, maxRecent, toRow, onPending, onAdded }: RequestAdderOptions) {
    this.#store = store;
    this.#interruptionsCount = store.interruptionsCount;
    this.#toRow = toRow;
    this.#recent = new RecentRequests(maxRecent);
    this.#onPending = onPending;
    const commitTo = (isForefront: boolean) => async (rows: readonly RequestRow[]) => {
      const added = await store.add(rows, { isForefront });
      const count = added.reduce((sum, { wasAlreadyPresent }) => sum + +!wasAlreadyPresent, 0);
      if (count > 0) onAdded(count, isForefront);
      return added;
    };
    this.#front = new GroupCommit(commitTo(true));
    this.#back = new GroupCommit(commitTo(false));
  }

  get hasPending(): boolean {
    return this.#inFlight.size > 0;
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

  forgetAll(): void {
    this.#recent.clear();
  }

  /** The store may have lost what it took in last; pages that come again because of it must bring their links again. */
  #forgetAfterInterruption(): void {
    const { interruptionsCount } = this.#store;
    if (interruptionsCount === this.#interruptionsCount) return;
    this.#interruptionsCount = interruptionsCount;
    this.#recent.clear();
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
