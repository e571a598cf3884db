import { chunksOf } from '../chunks.ts';
import type {
  Claim,
  ClaimedRequest,
  ClaimOptions,
  EndedRequest,
  RequestRow,
  ReturnedRequest,
} from '../request-store.ts';
import type { RedisArgument } from './redis-client.ts';
import type { RedisLink } from './redis-link.ts';
import { type FoundRow, LineSearch } from './request-line-search.ts';
import { fingerprintOf, idText, originText, rowOf, rowText } from './request-row-text.ts';
import {
  REQUEST_ADD,
  REQUEST_CLAIM,
  REQUEST_DROP,
  REQUEST_EXTEND,
  REQUEST_FIND,
  REQUEST_GIVE_BACK,
  REQUEST_HANDLE,
  REQUEST_HOME,
  REQUEST_RETRY,
  REQUEST_STATE,
} from './scripts.ts';
import { type ShardKeys, shardKeys } from './shard-keys.ts';
import type { StoreTime } from './store-time.ts';

/** Requests in one call: the server does nothing else meanwhile, for a millisecond or two. */
const CHUNK = 500;

export interface RequestShardOptions {
  readonly link: RedisLink;
  readonly prefix: string;
  readonly time: StoreTime;
  readonly keepHandled: boolean;
}

/** Where a shard stands among the others of its queue. */
export interface ShardPlace {
  readonly name: string;
  readonly index: number;
  /** Of whoever claims from it: no two workers have the same. */
  readonly workerId: string;
}

/** How long it is, in ms, until something can be claimed: 0 now, `null` never. */
export type Wait = number | null;

export interface ShardState {
  readonly total: number;
  readonly handled: number;
  readonly locked: number;
  readonly waitMs: Wait;
}

/** What became of an added request; `elsewhere` when another shard holds what this one answers for. */
export type Addition = 'added' | 'known' | 'handled' | 'elsewhere';

const ADDITIONS: Readonly<Record<string, Addition>> = {
  0: 'added',
  1: 'known',
  2: 'handled',
  3: 'elsewhere',
};

/**
 * One part of a queue, on one node of a Cluster. Pending requests stand in the list of their origin, one short text
 * each; only what is lent out, delayed or woken has a record of its own. The fence grows with each claim. Times are
 * the server's.
 */
export class RequestShard {
  readonly #link: RedisLink;
  readonly #keys: ShardKeys;
  readonly #time: StoreTime;
  readonly #keepHandled: boolean;
  #claimsCount = 0;

  constructor({ name, index, workerId }: ShardPlace, options: RequestShardOptions) {
    this.#link = options.link;
    this.#keys = shardKeys(options.prefix, name, index, workerId);
    this.#time = options.time;
    this.#keepHandled = options.keepHandled;
  }

  async add(requests: readonly RequestRow[], isForefront: boolean): Promise<Addition[]> {
    const place = placeOf(isForefront);
    const additions: Addition[] = [];
    for (const chunk of chunksOf(requests, CHUNK)) {
      if (chunk.length === 0) break;
      const sorted = byOrigin(chunk);
      const items = sorted.map(([, request]) => ({
        origin: originText(request.origin),
        fingerprint: fingerprintOf(request.id),
        row: rowText(request),
      }));
      const digits = String(
        await this.#link.script(REQUEST_ADD, this.#keys, () => ({ place }), items),
      );
      const base = additions.length;
      sorted.forEach(([index], position) => {
        additions[base + index] = ADDITIONS[digits[position] as string] as Addition;
      });
    }
    return additions;
  }

  /** For requests whose keys this shard answers for: whether it knows each, else the origin that holds it from now on. */
  async home(
    requests: readonly RequestRow[],
  ): Promise<('known' | 'handled' | { readonly origin: string })[]> {
    const homes: string[] = [];
    for (const chunk of chunksOf(requests, CHUNK)) {
      const items = chunk.map(({ id, origin }) => ({
        fingerprint: fingerprintOf(id),
        origin: originText(origin),
      }));
      const reply = await this.#link.script(REQUEST_HOME, this.#keys, () => ({}), items);
      homes.push(...(reply as string[]));
    }
    return homes.map((home) => {
      if (home === '1') return 'known';
      return home === '2' ? 'handled' : { origin: home };
    });
  }

  async claim(
    limit: number,
    { now, lockMs, originDelayMs = 0 }: ClaimOptions,
  ): Promise<{ requests: ClaimedRequest[]; waitMs: Wait }> {
    const requests: ClaimedRequest[] = [];
    for (;;) {
      const wanted = Math.min(limit - requests.length, CHUNK);
      const args = {
        now: this.#time.argument(now),
        limit: String(wanted),
        lockMs: String(Math.round(lockMs)),
        delayMs: String(Math.round(originDelayMs)),
        call: String(this.#claimsCount++),
      };
      const reply = await this.#link.script(REQUEST_CLAIM, this.#keys, (isRepeated) => ({
        ...args,
        isRepeated: flagText(isRepeated),
      }));
      const [isMoreDue, waitMs, fence, ...groups] = reply as [number, string, string, ...Group];
      const claimed = claimedOf(groups, Number(fence));
      requests.push(...claimed);
      if (isMoreDue === 1) continue;
      if (claimed.length < wanted || requests.length === limit) {
        return { requests, waitMs: waitOf(waitMs) };
      }
    }
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
        place: placeOf(isForefront === true),
        delayMs: notBefore === undefined ? '' : String(this.#time.msUntil(notBefore)),
        body,
      }));
      const args = (): { now: string } => ({ now: this.#time.argument() });
      return await this.#link.script(REQUEST_GIVE_BACK, this.#keys, args, items);
    });
  }

  async *failed(): AsyncIterable<readonly RequestRow[]> {
    let cursor = '0';
    do {
      const [next, entries] = (await this.#command(
        'failed',
        ['HSCAN'],
        [cursor, 'COUNT', String(CHUNK)],
      )) as [string, string[]];
      const rows = entries.filter((_, index) => index % 2 === 1).map(keptRow);
      if (rows.length > 0) yield rows;
      cursor = String(next);
    } while (cursor !== '0');
  }

  async retryFailed(requests: readonly RequestRow[]): Promise<string[]> {
    return await eachChunk(requests, async (chunk) => {
      const items = chunk.map(({ id, body }) => ({
        id: idText(id),
        fingerprint: fingerprintOf(id),
        body,
      }));
      return await this.#link.script(REQUEST_RETRY, this.#keys, () => ({}), items);
    });
  }

  /** One that stands in a line is looked for there: that reads all lines of the shard. */
  async get(id: string): Promise<FoundRow | null> {
    const args = { id: idText(id), fingerprint: fingerprintOf(id) };
    const find = async (): Promise<[state: string, kept: string, generation: string]> =>
      (await this.#link.script(REQUEST_FIND, this.#keys, () => args)) as [string, string, string];
    let [state, kept, generation] = await find();
    if (state === 'line') {
      const found = await new LineSearch(this.#link, this.#keys, generation).find(args.id);
      if (found) return { ...found, isHandled: false };
      // Somebody may have claimed it before its page was read.
      [state, kept] = await find();
    }
    return kept === '' ? null : { ...keptRow(kept), isHandled: state === 'handled' };
  }

  async state(now?: number): Promise<ShardState> {
    const args = (): { now: string } => ({ now: this.#time.argument(now) });
    const reply = await this.#link.script(REQUEST_STATE, this.#keys, args);
    const [total, handled, locked, waitMs] = reply as [number, number, number, string];
    return { total, handled, locked, waitMs: waitOf(waitMs) };
  }

  async drop(): Promise<void> {
    const reply = await this.#link.script(REQUEST_DROP, this.#keys, () => ({}));
    const [generation, count] = reply as [number, number];
    const { seen, ring, paced } = this.#keys;
    await this.#unlink(Array.from({ length: count }, (_, set) => `${seen}:${generation}:${set}`));
    for (const origins of [`${ring}:${generation}`, `${paced}:${generation}`]) {
      await this.#dropLines(origins, generation);
    }
  }

  /** Page by page, as there may be millions of origins. */
  async #dropLines(origins: string, generation: number): Promise<void> {
    const isRing = origins.startsWith(this.#keys.ring);
    const [command, step] = isRing ? ['LPOP', 1] : ['ZPOPMIN', 2];
    for (;;) {
      const reply = await this.#link.command(origins, [command, origins, String(CHUNK)]);
      const page = ((reply ?? []) as string[]).filter((_, index) => index % step === 0);
      if (page.length === 0) return;
      const { line, woken } = this.#keys;
      await this.#unlink(
        page.flatMap((origin) => [
          `${line}:${generation}:${origin}`,
          `${woken}:${generation}:${origin}`,
        ]),
      );
    }
  }

  async #unlink(names: readonly string[]): Promise<void> {
    for (const chunk of chunksOf(names, CHUNK)) {
      if (chunk.length > 0) await this.#link.command(this.#keys.meta, ['UNLINK', ...chunk]);
    }
  }

  #command(part: keyof ShardKeys, before: RedisArgument[], after: RedisArgument[]) {
    return this.#link.command(this.#keys[part], [...before, this.#keys[part], ...after]);
  }
}

/** An origin, how many rows of it follow, and the rows. */
type Group = (string | number)[];

function claimedOf(groups: Group, fence: number): ClaimedRequest[] {
  const claimed: ClaimedRequest[] = [];
  for (let at = 0; at < groups.length; ) {
    const [origin, count] = [String(groups[at]), Number(groups[at + 1])];
    at += 2;
    for (const end = at + count; at < end; at++) {
      claimed.push({ ...rowOf(String(groups[at]), origin), fence });
    }
  }
  return claimed;
}

/** Of an origin and a row as `handled` and `failed` keep them. */
function keptRow(kept: string): RequestRow {
  const end = kept.indexOf(' ');
  return rowOf(kept.slice(end + 1), kept.slice(0, end));
}

/** Behind their indexes; those of one origin one after another, in their order. */
function byOrigin(requests: readonly RequestRow[]): (readonly [number, RequestRow])[] {
  const groups = new Map<string, (readonly [number, RequestRow])[]>();
  requests.forEach((request, index) => {
    const origin = request.origin ?? '';
    const group = groups.get(origin);
    if (group) group.push([index, request]);
    else groups.set(origin, [[index, request]]);
  });
  return [...groups.values()].flat();
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

function waitOf(text: string): Wait {
  return text === '' ? null : Number(text);
}

function placeOf(isForefront: boolean): 'front' | 'back' {
  return isForefront ? 'front' : 'back';
}

function flagText(flag: boolean): string {
  return flag ? '1' : '0';
}
