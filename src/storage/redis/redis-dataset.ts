import type { Dataset, DatasetItem, DatasetPage, PushOptions } from '../dataset.ts';
import { pageRange } from '../page-range.ts';
import { itemJsonOf } from '../stored-json.ts';
import type { DatasetKeys, FreshPushes } from './fresh-pushes.ts';
import type { RedisLink } from './redis-link.ts';
import { DATASET_PUSH } from './scripts.ts';
import { storeKeys } from './store-keys.ts';

/** Items read at a time. */
const PAGE = 500;

/**
 * All items in one list, in order. An item that a later push under the same key no longer has leaves an empty text,
 * so that the others keep their places. A push without a key may be there twice when the connection broke just then.
 */
export class RedisDataset implements Dataset {
  readonly name: string;
  readonly #link: RedisLink;
  readonly #fresh: FreshPushes;
  readonly #keys: DatasetKeys;

  constructor(name: string, link: RedisLink, prefix: string, fresh: FreshPushes) {
    this.name = name;
    this.#link = link;
    this.#fresh = fresh;
    this.#keys = storeKeys(prefix, 'dataset', name, ['items', 'pushes', 'removed']);
  }

  async pushData(
    items: DatasetItem | readonly DatasetItem[],
    options: PushOptions = {},
  ): Promise<void> {
    const texts = Array.isArray(items) ? items.map(itemJsonOf) : [itemJsonOf(items)];
    const { key } = options;
    if (key !== undefined) {
      const each = texts.map((json) => ({ json }));
      await this.#link.script(DATASET_PUSH, this.#keys, () => ({ key, isAgain: '' }), each);
      this.#fresh.note({ keys: this.#keys, key, texts });
    } else if (texts.length > 0) {
      await this.#link.command(this.#keys.items, ['RPUSH', this.#keys.items, ...texts]);
    }
  }

  async getData(options: { offset?: number; limit?: number } = {}): Promise<DatasetPage> {
    const { offset, limit } = pageRange(options);
    const [length, removed] = await this.#lengths();
    const items: DatasetItem[] = [];
    if (limit > 0) {
      // Without holes an item's number is its place in the list.
      let toSkip = removed === 0 ? 0 : offset;
      for await (const page of this.#pages(removed === 0 ? offset : 0)) {
        const kept = page.slice(toSkip, toSkip + limit - items.length);
        toSkip = Math.max(0, toSkip - page.length);
        items.push(...kept.map(itemOf));
        if (items.length >= limit) break;
      }
    }
    return { items, total: length - removed, offset };
  }

  async *items(): AsyncIterable<DatasetItem> {
    for await (const page of this.#pages(0)) yield* page.map(itemOf);
  }

  async itemCount(): Promise<number> {
    const [length, removed] = await this.#lengths();
    return length - removed;
  }

  async drop(): Promise<void> {
    const { items, pushes, removed } = this.#keys;
    this.#fresh.forget(this.#keys);
    await this.#fresh.restored();
    await this.#link.command(items, ['UNLINK', items, pushes, removed]);
  }

  async #lengths(): Promise<[length: number, removed: number]> {
    const { items, removed } = this.#keys;
    await this.#fresh.restored();
    const [length, holes] = await Promise.all([
      this.#link.command(items, ['LLEN', items]),
      this.#link.command(removed, ['GET', removed]),
    ]);
    return [Number(length), Number(holes ?? 0)];
  }

  /** JSON texts from a place in the list on, without the holes. */
  async *#pages(start: number): AsyncIterable<string[]> {
    const { items } = this.#keys;
    await this.#fresh.restored();
    for (let from = start; ; from += PAGE) {
      const range = [String(from), String(from + PAGE - 1)];
      const page = (await this.#link.command(items, ['LRANGE', items, ...range])) as string[];
      yield page.filter((json) => json !== '');
      if (page.length < PAGE) return;
    }
  }
}

function itemOf(json: string): DatasetItem {
  return JSON.parse(json) as DatasetItem;
}
