import type { CDPSession, HTTPResponse, Page } from 'puppeteer-core';
import type { Clock } from '../../core/clock.ts';
import { blockResources } from './block-resources.ts';
import type { ContextIdentity, DrivenPage } from './browser-driver.ts';
import { PageFate } from './page-fate.ts';
import { tryFor } from './try-for.ts';

export interface PuppeteerPageParts {
  readonly page: Page;
  readonly devTools: CDPSession;
  readonly identity: ContextIdentity;
  readonly clock: Clock;
  readonly graceMs: number;
  onClosed(): void;
}

type Facts = ReturnType<DrivenPage<Page, HTTPResponse>['facts']>;

/** A page as Puppeteer drives it. */
export class PuppeteerPage implements DrivenPage<Page, HTTPResponse> {
  readonly page: Page;
  readonly #parts: PuppeteerPageParts;
  readonly #fate: PageFate;
  #closing: Promise<void> | undefined;

  constructor(parts: PuppeteerPageParts) {
    this.page = parts.page;
    this.#parts = parts;
    this.#fate = new PageFate(parts.identity.proxy);
    this.page.once('error', () => this.#fate.crashed());
    this.page.once('close', () => parts.onClosed());
  }

  async goto(
    url: string,
    { timeoutMs, ...options }: { timeoutMs: number } & Readonly<Record<string, unknown>>,
  ): Promise<HTTPResponse | null> {
    let last: HTTPResponse | undefined;
    const onResponse = (response: HTTPResponse): void => {
      if (this.#isOfPage(response)) last = response;
    };
    this.page.on('response', onResponse);
    try {
      return await this.#fate.navigate(
        url,
        () => this.page.goto(url, { ...options, timeout: timeoutMs }),
        (response) => this.facts(response),
        async () => {
          // Puppeteer tells of the answer a little later than of the failure.
          if (!last) await this.#parts.devTools.send('Runtime.evaluate', { expression: '0' });
          return last;
        },
      );
    } finally {
      this.page.off('response', onResponse);
    }
  }

  facts(response: HTTPResponse): Facts {
    return {
      url: response.url(),
      statusCode: response.status(),
      headers: response.headers(),
    };
  }

  url(): string {
    return this.page.url();
  }

  content(): Promise<string> {
    return this.#fate.outrun(this.url(), this.page.content());
  }

  blockResources(kinds: readonly string[]): Promise<void> {
    return blockResources(this.#parts.devTools, kinds);
  }

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

  #isOfPage(response: HTTPResponse): boolean {
    const request = response.request();
    return request.isNavigationRequest() && request.frame() === this.page.mainFrame();
  }

  async #close(): Promise<void> {
    const { clock, graceMs, onClosed } = this.#parts;
    if (!this.#fate.isBrowserGone && !this.page.isClosed()) {
      await tryFor(clock, graceMs, () => this.page.close());
    }
    onClosed();
  }
}
