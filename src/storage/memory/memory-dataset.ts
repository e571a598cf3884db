import type { Dataset, DatasetItem, DatasetPage, PushOptions } from '../dataset.ts';
import { pageRange } from '../page-range.ts';
import { itemJsonOf } from '../stored-json.ts';
import type { Lifetime } from './lifetime.ts';

interface Row {
  json: string;
  isRemoved: boolean;
}

/** Rows are kept as JSON text, as on disk. A replaced push leaves holes, squeezed out when they are a third of all rows. */
export class MemoryDataset implements Dataset {
  readonly name: string;
  readonly #lifetime: Lifetime;
  #rows: Row[] = [];
  #removedCount = 0;
  readonly #pushes = new Map<string, Row[]>();

  constructor(name: string, lifetime: Lifetime) {
    this.name = name;
    this.#lifetime = lifetime;
  }

  async pushData(
    items: DatasetItem | readonly DatasetItem[],
    options: PushOptions = {},
  ): Promise<void> {
    this.#lifetime.assertOpen();
    const texts = Array.isArray(items) ? items.map(itemJsonOf) : [itemJsonOf(items)];
    if (options.key === undefined) {
      for (const json of texts) this.#append(json);
    } else {
      this.#replace(options.key, texts);
    }
  }

  async getData(options: { offset?: number; limit?: number } = {}): Promise<DatasetPage> {
    this.#lifetime.assertOpen();
    const { offset, limit } = pageRange(options);
    this.#squeeze();
    const rows = this.#rows.slice(offset, offset + limit);
    return { items: rows.map(itemOf), total: this.#rows.length, offset };
  }

  async *items(): AsyncIterable<DatasetItem> {
    this.#lifetime.assertOpen();
    // A copy of the references: pushing while somebody iterates may squeeze the rows.
    for (const row of [...this.#rows]) {
      if (!row.isRemoved) yield itemOf(row);
    }
  }

  async itemCount(): Promise<number> {
    this.#lifetime.assertOpen();
    return this.#rows.length - this.#removedCount;
  }

  async drop(): Promise<void> {
    this.#lifetime.assertOpen();
    this.#rows = [];
    this.#removedCount = 0;
    this.#pushes.clear();
  }

  #append(json: string): Row {
    const row = { json, isRemoved: false };
    this.#rows.push(row);
    return row;
  }

  #replace(key: string, texts: readonly string[]): void {
    const earlier = this.#pushes.get(key) ?? [];
    const rows = texts.map((json, part) => {
      const row = earlier[part];
      if (!row) return this.#append(json);
      row.json = json;
      return row;
    });
    for (const row of earlier.slice(texts.length)) {
      row.isRemoved = true;
      this.#removedCount++;
    }
    this.#pushes.set(key, rows);
    if (this.#removedCount * 3 > this.#rows.length) this.#squeeze();
  }

  #squeeze(): void {
    if (this.#removedCount === 0) return;
    this.#rows = this.#rows.filter((row) => !row.isRemoved);
    this.#removedCount = 0;
  }
}

function itemOf(row: Row): DatasetItem {
  return JSON.parse(row.json) as DatasetItem;
}
