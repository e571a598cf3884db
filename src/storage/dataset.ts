export type DatasetItem = Record<string, unknown>;

export interface PushOptions {
  /**
   * Makes pushing idempotent: a later push under the same key replaces the earlier one, item by item.
   * The crawlers pass one per request, so a handler that ran twice leaves its items once.
   */
  readonly key?: string;
}

export interface DatasetPage {
  readonly items: DatasetItem[];
  /** How many items the dataset holds. */
  readonly total: number;
  readonly offset: number;
}

/** Rows in the order they were pushed. A push is durable when its promise resolves. */
export interface Dataset {
  readonly name: string;
  /** @throws TroupeError `TROUPE_NOT_JSON` when an item is no object or cannot be JSON; then nothing is stored */
  pushData(items: DatasetItem | readonly DatasetItem[], options?: PushOptions): Promise<void>;
  getData(options?: { offset?: number; limit?: number }): Promise<DatasetPage>;
  /** All items in order, streamed: never more than a small batch in memory. */
  items(): AsyncIterable<DatasetItem>;
  itemCount(): Promise<number>;
  drop(): Promise<void>;
}
