import type { Clock } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import type { PageError } from '../crawl-errors.ts';
import { bounded } from './bounded.ts';
import type { DrivenPage } from './browser-driver.ts';
import { crashOf } from './crash.ts';

/** What a handler began on the page without waiting for it may take so long to end. */
const LAST_READ_LIMIT_MS = 5_000;

interface OpenPageParts<Page, Response> {
  readonly browser: unknown;
  readonly driven: DrivenPage<Page, Response>;
  readonly clock: Clock;
  readonly log: Log;
  readonly onLost: (error: PageError) => void;
  readonly loadCookies: () => Promise<void>;
  readonly saveCookies: () => Promise<void>;
  readonly release: () => Promise<void>;
}

/** A page while a request works on it. */
export class OpenPage<Page, Response> {
  readonly #parts: OpenPageParts<Page, Response>;
  readonly #reads = new Set<Promise<unknown>>();
  #isLost = false;
  #closing: Promise<void> | undefined;

  constructor(parts: OpenPageParts<Page, Response>) {
    this.#parts = parts;
    parts.driven.onCrash(() => this.lose(crashOf('page', parts.driven.url())));
  }

  /** The library's own browser. */
  get browser(): unknown {
    return this.#parts.browser;
  }

  get driven(): DrivenPage<Page, Response> {
    return this.#parts.driven;
  }

  /** Brings what has changed in the session's jar. */
  async loadCookies(): Promise<void> {
    await this.#parts.loadCookies();
  }

  /** Takes what has changed in the browser into the session's jar. */
  async saveCookies(): Promise<void> {
    await this.#parts.saveCookies();
  }

  /** Keeps the page open until this is read, although nobody may be waiting for it. */
  read<T>(reading: Promise<T>): Promise<T> {
    this.#reads.add(reading);
    const forget = (): boolean => this.#reads.delete(reading);
    reading.then(forget, forget);
    return reading;
  }

  /** It crashed, or its browser is gone. */
  lose(error: PageError): void {
    if (this.#isLost || this.#closing) return;
    this.#isLost = true;
    this.#parts.onLost(error);
  }

  /** Saves its cookies and closes it. Never throws. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const { clock, log, driven, saveCookies, release } = this.#parts;
    if (!this.#isLost) {
      if (this.#reads.size > 0) {
        const reads = Promise.allSettled(this.#reads);
        await bounded(reads, 'The last read', LAST_READ_LIMIT_MS, clock).catch(() => {});
      }
      await saveCookies().catch((error) =>
        log.debug(`The cookies of ${driven.url()} are not saved: ${messageOf(error)}`),
      );
    }
    await release();
  }
}
