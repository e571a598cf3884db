import { type Random, randomId, randomInteger } from '../../core/random.ts';
import type {
  AddedRequest,
  Claim,
  ClaimAnswer,
  ClaimedRequest,
  ClaimOptions,
  EndedRequest,
  RequestCounts,
  RequestRow,
  RequestStore,
  ReturnedRequest,
} from '../request-store.ts';
import { originOf } from './request-row-text.ts';
import {
  type Addition,
  RequestShard,
  type RequestShardOptions,
  type Wait,
} from './request-shard.ts';
import { ShardMap } from './shard-map.ts';

export interface RedisRequestStoreOptions extends RequestShardOptions {
  /** Of how many shards the queue consists. */
  readonly shards: number;
  readonly random: Random;
}

/**
 * A queue in shards, each on one node of a Cluster: an origin lies whole in one of them. Claims go round, each worker
 * from a shard of its own.
 */
export class RedisRequestStore implements RequestStore {
  readonly name: string;
  readonly #link: RequestShardOptions['link'];
  readonly #time: RequestShardOptions['time'];
  readonly #map: ShardMap;
  readonly #shards: readonly RequestShard[];
  /** Where the next claim begins. */
  #turn: number;

  constructor(name: string, options: RedisRequestStoreOptions) {
    this.name = name;
    this.#link = options.link;
    this.#time = options.time;
    this.#map = new ShardMap(options.shards);
    const workerId = randomId(options.random);
    this.#shards = Array.from(
      { length: options.shards },
      (_, index) => new RequestShard({ name, index, workerId }, options),
    );
    this.#turn = randomInteger(options.random, options.shards);
  }

  get interruptionsCount(): number {
    return this.#link.interruptionsCount;
  }

  async add(
    requests: readonly RequestRow[],
    { isForefront = false }: { isForefront?: boolean } = {},
  ): Promise<AddedRequest[]> {
    const additions = await this.#addAtHome(requests, isForefront);
    const strays = requests.filter((_, index) => additions[index] === 'elsewhere');
    const homed = strays.length > 0 ? await this.#addElsewhere(strays, isForefront) : [];
    return requests.map(({ id }, index) => {
      const addition = additions[index] === 'elsewhere' ? homed.shift() : additions[index];
      return {
        id,
        wasAlreadyPresent: addition !== 'added',
        wasAlreadyHandled: addition === 'handled',
      };
    });
  }

  async claim(limit: number, options: ClaimOptions): Promise<ClaimAnswer> {
    if (limit <= 0) return { requests: [], nextDueAt: await this.nextDueAt() };
    const requests: ClaimedRequest[] = [];
    const turn = this.#turn;
    this.#turn = (turn + 1) % this.#shards.length;
    const first = await this.#shard(turn).claim(limit, options);
    requests.push(...first.requests);
    if (this.#shards.length === 1)
      return { requests, nextDueAt: this.#dueAt(first.waitMs, options.now) };
    while (requests.length < limit) {
      const waits = await this.#waits(options.now);
      const waitMs = soonest(waits);
      if (waitMs !== 0) return { requests, nextDueAt: this.#dueAt(waitMs, options.now) };
      requests.push(...(await this.#claimFromReady(waits, limit - requests.length, options)));
    }
    // Nobody has asked the other shards.
    return { requests, nextDueAt: 0 };
  }

  async extend(claims: readonly Claim[], lockedUntil: number): Promise<string[]> {
    return await this.#eachShard(claims, (shard, own) => shard.extend(own, lockedUntil));
  }

  async handle(claims: readonly EndedRequest[]): Promise<string[]> {
    return await this.#eachShard(claims, (shard, own) => shard.handle(own));
  }

  async giveBack(requests: readonly ReturnedRequest[]): Promise<string[]> {
    return await this.#eachShard(requests, (shard, own) => shard.giveBack(own));
  }

  async *failed(): AsyncIterable<readonly RequestRow[]> {
    for (const shard of this.#shards) yield* shard.failed();
  }

  async retryFailed(requests: readonly RequestRow[]): Promise<string[]> {
    return await this.#eachShard(requests, (shard, own) => shard.retryFailed(own));
  }

  async get(id: string): Promise<(RequestRow & { readonly isHandled: boolean }) | null> {
    const found = await Promise.all(this.#shards.map((shard) => shard.get(id)));
    return found.find((row) => row !== null) ?? null;
  }

  async counts(now: number): Promise<RequestCounts> {
    const states = await Promise.all(this.#shards.map((shard) => shard.state(now)));
    const [total, handled, locked] = (['total', 'handled', 'locked'] as const).map((field) =>
      states.reduce((sum, state) => sum + state[field], 0),
    ) as [number, number, number];
    return { total, handled, pending: total - handled - locked, locked };
  }

  async nextDueAt(): Promise<number | null> {
    return this.#dueAt(soonest(await this.#waits()));
  }

  async drop(): Promise<void> {
    await Promise.all(this.#shards.map((shard) => shard.drop()));
  }

  /** Those whose key and origin belong to the same shard, as is the rule; the others are `elsewhere`. */
  async #addAtHome(requests: readonly RequestRow[], isForefront: boolean): Promise<Addition[]> {
    const additions: Addition[] = requests.map(() => 'elsewhere');
    const groups = groupsOf(
      requests.map((_, index) => index),
      (index) => {
        const request = requests[index] as RequestRow;
        const shard = this.#map.ofKey(request);
        return shard === this.#map.ofOrigin(request.origin ?? '') ? shard : -1;
      },
    );
    groups.delete(-1);
    await eachGroup(groups, async (shard, indexes) => {
      const own = indexes.map((index) => requests[index] as RequestRow);
      const results = await this.#shard(shard).add(own, isForefront);
      indexes.forEach((index, position) => {
        additions[index] = results[position] as Addition;
      });
    });
    return additions;
  }

  /**
   * First the shard of the key says which origin holds the request from now on, then it is added there. Whoever adds
   * it again takes the same way, so it is added once, and a worker that dies between the two steps loses nothing.
   */
  async #addElsewhere(requests: readonly RequestRow[], isForefront: boolean): Promise<Addition[]> {
    const additions: Addition[] = requests.map(() => 'known');
    const homed: { readonly index: number; readonly row: RequestRow }[] = [];
    const byKey = groupsOf([...requests.entries()], ([, request]) => this.#map.ofKey(request));
    await eachGroup(byKey, async (shard, entries) => {
      const homes = await this.#shard(shard).home(entries.map(([, request]) => request));
      entries.forEach(([index, request], position) => {
        const home = homes[position] as 'known' | 'handled' | { readonly origin: string };
        if (typeof home === 'string') additions[index] = home;
        else homed.push({ index, row: { ...request, origin: originOf(home.origin) } });
      });
    });
    homed.sort((a, b) => a.index - b.index);
    const byOrigin = groupsOf(homed, ({ row }) => this.#map.ofOrigin(row.origin ?? ''));
    await eachGroup(byOrigin, async (shard, entries) => {
      const rows = entries.map(({ row }) => row);
      const results = await this.#shard(shard).add(rows, isForefront);
      entries.forEach(({ index }, position) => {
        additions[index] = results[position] as Addition;
      });
    });
    return additions;
  }

  /** From the shards that have something, in equal shares, all asked at once. */
  async #claimFromReady(
    waits: readonly Wait[],
    limit: number,
    options: ClaimOptions,
  ): Promise<ClaimedRequest[]> {
    const ready = this.#shards.filter((_, index) => waits[index] === 0).slice(0, limit);
    const answers = await Promise.all(
      ready.map((shard, index) => {
        const share = Math.floor(limit / ready.length) + (index < limit % ready.length ? 1 : 0);
        return shard.claim(share, options);
      }),
    );
    return answers.flatMap(({ requests }) => requests);
  }

  async #waits(now?: number): Promise<Wait[]> {
    const states = await Promise.all(this.#shards.map((shard) => shard.state(now)));
    return states.map(({ waitMs }) => waitMs);
  }

  #dueAt(waitMs: Wait, now?: number): number | null {
    if (waitMs === null) return null;
    return waitMs === 0 ? 0 : this.#time.after(waitMs, now);
  }

  #shard(index: number): RequestShard {
    return this.#shards[index] as RequestShard;
  }

  /** The ids that were valid, in the order given. Without an origin, all shards are asked. */
  async #eachShard<C extends Pick<Claim, 'id' | 'origin'>>(
    claims: readonly C[],
    act: (shard: RequestShard, own: readonly C[]) => Promise<string[]>,
  ): Promise<string[]> {
    if (this.#shards.length === 1) return await act(this.#shard(0), claims);
    const valid = new Map<string, number>();
    await Promise.all(
      this.#shards.map(async (shard, index) => {
        const own = claims.filter(
          ({ origin }) => origin === undefined || this.#map.ofOrigin(origin) === index,
        );
        for (const id of await act(shard, own)) valid.set(id, (valid.get(id) ?? 0) + 1);
      }),
    );
    return claims.flatMap(({ id }) => {
      const count = valid.get(id) ?? 0;
      valid.set(id, count - 1);
      return count > 0 ? [id] : [];
    });
  }
}

function soonest(waits: readonly Wait[]): Wait {
  const due = waits.filter((wait) => wait !== null);
  return due.length === 0 ? null : Math.min(...due);
}

function groupsOf<T>(items: readonly T[], keyOf: (item: T) => number): Map<number, T[]> {
  const groups = new Map<number, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}

async function eachGroup<T>(
  groups: ReadonlyMap<number, readonly T[]>,
  act: (key: number, items: readonly T[]) => Promise<void>,
): Promise<void> {
  await Promise.all([...groups].map(([key, items]) => act(key, items)));
}
