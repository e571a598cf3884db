import type { DatasetItem } from '../storage/dataset.ts';

/** What items are written to; `process.stdout` is one. */
export interface ItemSink {
  write(text: string): boolean;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'error', listener: (error: Error) => void): unknown;
  once(event: 'drain', listener: () => void): unknown;
}

/** Writes items as JSON lines, no faster than the reader takes them. */
export class ItemStream implements Disposable {
  readonly #sink: ItemSink;
  readonly #onClosed: () => void;
  #draining: Promise<void> | undefined;
  #endDraining: () => void = () => {};
  #isClosed = false;

  /** `onClosed` is called once, when the reader has gone, as `head` does when it has seen enough. */
  constructor(sink: ItemSink, onClosed: () => void) {
    this.#sink = sink;
    this.#onClosed = onClosed;
    sink.on('error', this.#onError);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Resolves when more may be written. After the reader has gone, writes nothing. */
  async write(item: DatasetItem): Promise<void> {
    if (this.#isClosed) return;
    if (this.#sink.write(`${JSON.stringify(item)}\n`)) return;
    this.#draining ??= new Promise<void>((resolve) => {
      this.#endDraining = resolve;
      this.#sink.once('drain', resolve);
    }).finally(() => {
      this.#draining = undefined;
    });
    await this.#draining;
  }

  [Symbol.dispose](): void {
    this.#endDraining();
  }

  // Stays for good: an error after the last write would otherwise end the process with a stack trace.
  readonly #onError = (): void => {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#endDraining();
    this.#onClosed();
  };
}
