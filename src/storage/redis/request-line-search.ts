import type { RequestRow } from '../request-store.ts';
import type { RedisLink } from './redis-link.ts';
import { rowOf } from './request-row-text.ts';
import type { ShardKeys } from './shard-keys.ts';

/** Rows, or origins, read at a time. */
const PAGE = 1000;
/** Lines read at the same time. */
const AT_ONCE = 50;
const FRONT_POSITION = /^<\S+ /;

export type FoundRow = RequestRow & { readonly isHandled: boolean };

/** Looks through all the lines of a shard for one request. */
export class LineSearch {
  readonly #link: RedisLink;
  readonly #keys: ShardKeys;
  readonly #generation: string;

  constructor(link: RedisLink, keys: ShardKeys, generation: string) {
    this.#link = link;
    this.#keys = keys;
    this.#generation = generation;
  }

  /** `id` as it stands in a row. */
  async find(id: string): Promise<RequestRow | undefined> {
    for (const [command, list] of [
      ['LRANGE', this.#keys.ring],
      ['ZRANGE', this.#keys.paced],
    ] as const) {
      for await (const origins of this.#pages(command, list)) {
        const found = await this.#findIn(origins, id);
        if (found) return found;
      }
    }
    return undefined;
  }

  async #findIn(origins: readonly string[], id: string): Promise<RequestRow | undefined> {
    for (let at = 0; at < origins.length; at += AT_ONCE) {
      const lines = origins.slice(at, at + AT_ONCE);
      const found = await Promise.all(lines.map((origin) => this.#findInLine(origin, id)));
      const row = found.find((candidate) => candidate !== undefined);
      if (row) return row;
    }
    return undefined;
  }

  async #findInLine(origin: string, id: string): Promise<RequestRow | undefined> {
    const list = `${this.#keys.line}:${this.#generation}:${origin}`;
    for await (const page of this.#pages('LRANGE', list)) {
      const row = page
        .map((text) => text.replace(FRONT_POSITION, ''))
        .find((text) => text.startsWith(id) && /^[ /:=~]/.test(text.slice(id.length)));
      if (row !== undefined) return rowOf(row, origin);
    }
    return undefined;
  }

  async *#pages(command: 'LRANGE' | 'ZRANGE', list: string): AsyncGenerator<string[]> {
    for (let start = 0; ; start += PAGE) {
      const range = [String(start), String(start + PAGE - 1)];
      const page = (await this.#link.command(list, [command, list, ...range])) as string[];
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
    }
  }
}
