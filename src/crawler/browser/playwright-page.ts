import type { Page, Response } from 'playwright-core';
import type { Clock } from '../../core/clock.ts';
import { blockResources } from './block-resources.ts';
import type { ContextIdentity, DrivenPage } from './browser-driver.ts';
import { PageFate } from './page-fate.ts';
import { tryFor } from './try-for.ts';

export interface PlaywrightPageParts {
  readonly page: Page;
  readonly identity: ContextIdentity;
  readonly clock: Clock;
  readonly graceMs: number;
  onClosed(): void;
}

type Facts = ReturnType<DrivenPage<Page, Response>['facts']>;

/** A page as Playwright drives it. */
export class PlaywrightPage implements DrivenPage<Page, Response> {
  readonly page: Page;
  readonly #parts: PlaywrightPageParts;
  readonly #fate: PageFate;
  #closing: Promise<void> | undefined;

  constructor(parts: PlaywrightPageParts) {
    this.page = parts.page;
    this.#parts = parts;
    this.#fate = new PageFate(parts.identity.proxy);
    this.page.once('crash', () => this.#fate.crashed());
    this.page.once('close', () => parts.onClosed());
  }

  async goto(
    url: string,
    { timeoutMs, ...options }: { timeoutMs: number } & Readonly<Record<string, unknown>>,
  ): Promise<Response | null> {
    let last: Response | undefined;
    const onResponse = (response: Response): void => {
      if (this.#isOfPage(response)) last = response;
    };
    this.page.on('response', onResponse);
    try {
      return await this.#fate.navigate(
        url,
        () => this.page.goto(url, { ...options, timeout: timeoutMs }),
        (response) => this.facts(response),
        async () => last,
      );
    } finally {
      this.page.off('response', onResponse);
    }
  }

  facts(response: Response): Facts {
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

  async blockResources(kinds: readonly string[]): Promise<void> {
    await blockResources(await this.page.context().newCDPSession(this.page), kinds);
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

  #isOfPage(response: Response): boolean {
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
