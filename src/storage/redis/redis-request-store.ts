import { chunksOf } from '../chunks.ts';
import type {
  AddedRequest,
  Claim,
  ClaimedRequest,
  EndedRequest,
  RequestCounts,
  RequestRow,
  RequestStore,
  ReturnedRequest,
} from '../request-store.ts';
import type { RedisLink } from './redis-link.ts';
import { fingerprintOf, idText, rowOf, rowText } from './request-row-text.ts';
import {
  REQUEST_ADD,
  REQUEST_CLAIM,
  REQUEST_DROP,
  REQUEST_EXTEND,
  REQUEST_FIND,
  REQUEST_GIVE_BACK,
  REQUEST_HANDLE,
  REQUEST_RETRY,
  REQUEST_STATE,
} from './scripts.ts';
import { storeKeys } from './store-keys.ts';
import type { StoreTime } from './store-time.ts';

/** Requests in one call: the server does nothing else meanwhile, for a millisecond or two. */
const CHUNK = 500;
/** Rows read at a time when a request is looked for in the line. */
const PAGE = 1000;

const PARTS = [
  'meta',
  'back',
  'front',
  'held',
  'locks',
  'delays',
  'woken',
  'handled',
  'failed',
  'seen',
] as const;

export interface RedisRequestStoreOptions {
  readonly link: RedisLink;
  readonly prefix: string;
  readonly time: StoreTime;
  readonly keepHandled: boolean;
}

/**
 * Pending requests stand in a list, one short text each; only what is lent out, delayed or woken has a record of
 * its own. The fence grows with each claim. Times are the server's.
 */
export class RedisRequestStore implements RequestStore {
  readonly name: string;
  readonly #link: RedisLink;
  readonly #keys: Readonly<Record<(typeof PARTS)[number], string>>;
  readonly #time: StoreTime;
  readonly #keepHandled: boolean;

  constructor(name: string, { link, prefix, time, keepHandled }: RedisRequestStoreOptions) {
    this.name = name;
    this.#link = link;
    this.#keys = storeKeys(prefix, 'queue', name, PARTS);
    this.#time = time;
    this.#keepHandled = keepHandled;
  }

  get interruptionsCount(): number {
    return this.#link.interruptionsCount;
  }

  async add(
    requests: readonly RequestRow[],
    options: { isForefront?: boolean } = {},
  ): Promise<AddedRequest[]> {
    const place = placeOf(options.isForefront);
    const added: AddedRequest[] = [];
    for (const chunk of chunksOf(requests, CHUNK)) {
      if (chunk.length === 0) break;
      const items = chunk.map((request) => ({
        fingerprint: fingerprintOf(request.id),
        row: rowText(request),
      }));
      const digits = await this.#link.script(REQUEST_ADD, this.#keys, () => ({ place }), items);
      chunk.forEach(({ id }, index) => {
        added.push(addedOf(id, String(digits)[index]));
      });
    }
    return added;
  }

  async claim(
    limit: number,
    { now, lockMs }: { now: number; lockMs: number },
  ): Promise<ClaimedRequest[]> {
    const claimed: ClaimedRequest[] = [];
    while (claimed.length < limit) {
      const wanted = Math.min(limit - claimed.length, CHUNK);
      const args = {
        now: this.#time.argument(now),
        limit: String(wanted),
        lockMs: String(Math.round(lockMs)),
      };
      const reply = await this.#link.script(REQUEST_CLAIM, this.#keys, () => args);
      const [isMoreDue, fence, ...rows] = reply as [number, string, ...string[]];
      for (const row of rows) claimed.push({ ...rowOf(row), fence: Number(fence) });
      if (isMoreDue === 0 && rows.length < wanted) break;
    }
    return claimed;
  }

  async extend(claims: readonly Claim[], lockedUntil: number): Promise<string[]> {
    return await eachChunk(claims, async (chunk) => {
      const items = chunk.map(({ id, fence }) => ({ id: idText(id), fence: String(fence) }));
      const args = (): { now: string; lockMs: string } => ({
        now: this.#time.argument(),
        lockMs: String(this.#time.msUntil(lockedUntil)),
      });
      return await this.#link.script(REQUEST_EXTEND, this.#keys, args, items);
    });
  }

  async handle(claims: readonly EndedRequest[]): Promise<string[]> {
    return await eachChunk(claims, async (chunk) => {
      const items = chunk.map((claim) => ({
        id: idText(claim.id),
        fence: String(claim.fence),
        fingerprint: fingerprintOf(claim.id),
        body: claim.body,
        isFailed: flagText(claim.isFailed === true),
      }));
      const args = (isRepeated: boolean): { isRepeated: string; keep: string } => ({
        isRepeated: flagText(isRepeated),
        keep: flagText(this.#keepHandled),
      });
      return await this.#link.script(REQUEST_HANDLE, this.#keys, args, items);
    });
  }

  async giveBack(requests: readonly ReturnedRequest[]): Promise<string[]> {
    return await eachChunk(requests, async (chunk) => {
      const items = chunk.map(({ id, fence, body, isForefront, notBefore }) => ({
        id: idText(id),
        fence: String(fence),
        place: placeOf(isForefront),
        delayMs: notBefore === undefined ? '' : String(this.#time.msUntil(notBefore)),
        body,
      }));
      const args = (): { now: string } => ({ now: this.#time.argument() });
      return await this.#link.script(REQUEST_GIVE_BACK, this.#keys, args, items);
    });
  }

  async *failed(): AsyncIterable<readonly RequestRow[]> {
    const { failed } = this.#keys;
    let cursor = '0';
    do {
      const page = await this.#link.command(failed, [
        'HSCAN',
        failed,
        cursor,
        'COUNT',
        String(CHUNK),
      ]);
      const [next, entries] = page as [string, string[]];
      const rows = entries.filter((_, index) => index % 2 === 1).map(rowOf);
      if (rows.length > 0) yield rows;
      cursor = String(next);
    } while (cursor !== '0');
  }

  async retryFailed(requests: readonly RequestRow[]): Promise<string[]> {
    return await eachChunk(requests, async (chunk) => {
      const items = chunk.map((request) => ({
        id: idText(request.id),
        fingerprint: fingerprintOf(request.id),
        row: rowText(request),
      }));
      return await this.#link.script(REQUEST_RETRY, this.#keys, () => ({}), items);
    });
  }

  /** One that stands in the line is looked for there: that reads the whole line. */
  async get(id: string): Promise<(RequestRow & { readonly isHandled: boolean }) | null> {
    const args = { id: idText(id), fingerprint: fingerprintOf(id) };
    const find = async (): Promise<[state: string, row: string]> =>
      (await this.#link.script(REQUEST_FIND, this.#keys, () => args)) as [string, string];
    let [state, row] = await find();
    if (state === 'line') {
      row = (await this.#findInLine(args.id)) ?? '';
      // Somebody may have claimed it before its page was read.
      if (row === '') [state, row] = await find();
    }
    return row === '' ? null : { ...rowOf(row), isHandled: state === 'handled' };
  }

  async counts(now: number): Promise<RequestCounts> {
    const [total, handled, locked] = await this.#state(now);
    return { total, handled, pending: total - handled - locked, locked };
  }

  async nextDueAt(): Promise<number | null> {
    const [, , , waitMs] = await this.#state();
    if (waitMs === '') return null;
    return waitMs === '0' ? 0 : this.#time.after(Number(waitMs));
  }

  async drop(): Promise<void> {
    const reply = await this.#link.script(REQUEST_DROP, this.#keys, () => ({}));
    const [generation, count] = reply as [number, number];
    const names = Array.from(
      { length: count },
      (_, index) => `${this.#keys.seen}:${generation}:${index}`,
    );
    for (const chunk of chunksOf(names, CHUNK)) {
      await this.#link.command(this.#keys.seen, ['UNLINK', ...chunk]);
    }
  }

  async #state(
    now?: number,
  ): Promise<[total: number, handled: number, locked: number, waitMs: string]> {
    const args = (): { now: string } => ({ now: this.#time.argument(now) });
    const reply = await this.#link.script(REQUEST_STATE, this.#keys, args);
    return reply as [number, number, number, string];
  }

  async #findInLine(id: string): Promise<string | undefined> {
    const isWanted = (row: string): boolean =>
      row.startsWith(id) && /^[ /:]/.test(row.slice(id.length));
    for (const [list, position] of [
      [this.#keys.front, /^\S+ /],
      [this.#keys.back, /^/],
    ] as const) {
      for (let start = 0; ; start += PAGE) {
        const page = await this.#link.command(list, [
          'LRANGE',
          list,
          String(start),
          String(start + PAGE - 1),
        ]);
        const rows = (page as string[]).map((text) => text.replace(position, ''));
        const found = rows.find(isWanted);
        if (found !== undefined) return found;
        if (rows.length < PAGE) break;
      }
    }
    return undefined;
  }
}

/** The ids of the claims or requests whose digit is 1. */
async function eachChunk<C extends Pick<Claim, 'id'>>(
  claims: readonly C[],
  send: (chunk: readonly C[]) => Promise<unknown>,
): Promise<string[]> {
  const valid: string[] = [];
  for (const chunk of chunksOf(claims, CHUNK)) {
    if (chunk.length === 0) break;
    const digits = String(await send(chunk));
    chunk.forEach(({ id }, index) => {
      if (digits[index] === '1') valid.push(id);
    });
  }
  return valid;
}

function addedOf(id: string, digit: string | undefined): AddedRequest {
  return { id, wasAlreadyPresent: digit !== '0', wasAlreadyHandled: digit === '2' };
}

function placeOf(isForefront: boolean | undefined): 'front' | 'back' {
  return isForefront ? 'front' : 'back';
}

function flagText(flag: boolean): string {
  return flag ? '1' : '0';
}
