import type { ProxyInfo } from '../../proxy/proxy-info.ts';
import type { DrivenPage } from './browser-driver.ts';
import type { CloseLimits } from './driver-options.ts';
import { PageFate } from './page-fate.ts';
import { tryFor } from './try-for.ts';

export interface PageEnd extends CloseLimits {
  onClosed(): void;
}

export interface PageParts {
  readonly proxy: ProxyInfo | null;
  /** What the library calls the end of a renderer. */
  readonly crashEvent: 'crash' | 'error';
  readonly end: PageEnd;
}

/** What of both libraries' responses is used. */
interface LibraryResponse {
  url(): string;
  status(): number;
  headers(): Record<string, string>;
  request(): { isNavigationRequest(): boolean; frame(): unknown };
}

/** What of both libraries' pages is used. */
interface LibraryPage {
  url(): string;
  content(): Promise<string>;
  isClosed(): boolean;
  close(): Promise<void>;
  mainFrame(): unknown;
  goto(url: string, options: object): Promise<unknown>;
  once(event: 'close' | 'crash' | 'error', listener: () => void): unknown;
  on(event: 'response', listener: (response: never) => void): unknown;
  off(event: 'response', listener: (response: never) => void): unknown;
}

type GotoOptions = { timeoutMs: number } & Readonly<Record<string, unknown>>;

type Facts = ReturnType<DrivenPage<unknown, unknown>['facts']>;

/** A page, whichever library drives it: goes somewhere, and learns of all that can happen to it meanwhile. */
export abstract class RunningPage<Page, Response> implements DrivenPage<Page, Response> {
  readonly page: Page;
  readonly #library: LibraryPage;
  readonly #fate: PageFate;
  readonly #end: PageEnd;
  #closing: Promise<void> | undefined;

  constructor(page: Page, parts: PageParts) {
    this.page = page;
    this.#library = page as LibraryPage;
    this.#end = parts.end;
    this.#fate = new PageFate(parts.proxy);
    this.#library.once(parts.crashEvent, () => this.#fate.crashed());
    this.#library.once('close', () => parts.end.onClosed());
  }

  async goto(url: string, { timeoutMs, ...options }: GotoOptions): Promise<Response | null> {
    let last: Response | undefined;
    const onResponse = (response: Response): void => {
      if (this.#isOfPage(response)) last = response;
    };
    this.#library.on('response', onResponse);
    try {
      return await this.#fate.navigate(
        url,
        () =>
          this.#library.goto(url, { ...options, timeout: timeoutMs }) as Promise<Response | null>,
        (response) => this.facts(response),
        async () => {
          if (!last) await this.catchUp();
          return last;
        },
      );
    } finally {
      this.#library.off('response', onResponse);
    }
  }

  facts(response: Response): Facts {
    const { url, status, headers } = response as LibraryResponse;
    return {
      url: url.call(response),
      statusCode: status.call(response),
      headers: headers.call(response),
    };
  }

  url(): string {
    return this.#library.url();
  }

  content(): Promise<string> {
    return this.#fate.outrun(this.url(), this.#library.content());
  }

  abstract blockResources(kinds: readonly string[]): Promise<void>;

  onCrash(listener: () => void): void {
    this.#fate.onCrash(listener);
  }

  browserGone(): void {
    this.#fate.browserGone();
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Resolves when the library has told of all that has happened to the page by now. */
  protected abstract catchUp(): Promise<unknown>;

  #isOfPage(response: Response): boolean {
    const request = (response as LibraryResponse).request();
    return request.isNavigationRequest() && request.frame() === this.#library.mainFrame();
  }

  async #close(): Promise<void> {
    const { clock, graceMs, onClosed } = this.#end;
    if (!this.#fate.isBrowserGone && !this.#library.isClosed()) {
      await tryFor(clock, graceMs, () => this.#library.close());
    }
    onClosed();
  }
}
