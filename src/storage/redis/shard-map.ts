import { createHash } from 'node:crypto';
import { registrableDomain } from '../../core/registrable-domain.ts';
import type { RequestRow } from '../request-store.ts';

const MAX_CACHED = 10_000;
/** Scheme, host, and what follows; also of an extended key, `POST(1a2b):https://example.com/search`. */
const ADDRESS = /^(?:[A-Z]+\([^)]*\):)?https?:\/\/(\[[^\]]*\]|[^/?#:]+)/;

/**
 * Which shard of a queue takes what. All origins of one registrable domain go to one shard, so that those who keep
 * requests to a domain apart and those who know its origins only agree about where a URL belongs.
 */
export class ShardMap {
  readonly count: number;
  readonly #known = new Map<string, number>();

  constructor(count: number) {
    this.count = count;
  }

  /** The shard that holds the requests of an origin. */
  ofOrigin(origin: string): number {
    if (this.count === 1) return 0;
    return this.#ofHost(ADDRESS.exec(origin)?.[1] ?? origin);
  }

  /**
   * The shard that knows whether a request was added before, which must not depend on anything but its key. Nearly
   * always it is the one that holds its origin.
   */
  ofKey({ id, uniqueKey }: RequestRow): number {
    if (this.count === 1) return 0;
    return this.#ofHost(ADDRESS.exec(uniqueKey)?.[1] ?? id);
  }

  #ofHost(host: string): number {
    let shard = this.#known.get(host);
    if (shard === undefined) {
      const hash = createHash('sha256').update(registrableDomain(host)).digest();
      shard = hash.readUInt32BE() % this.count;
      if (this.#known.size >= MAX_CACHED) this.#known.clear();
      this.#known.set(host, shard);
    }
    return shard;
  }
}
