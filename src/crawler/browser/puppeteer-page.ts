import type { CDPSession, HTTPResponse, Page } from 'puppeteer-core';
import { blockResources } from './block-resources.ts';
import { type PageParts, RunningPage } from './running-page.ts';

/** A page as Puppeteer drives it. */
export class PuppeteerPage extends RunningPage<Page, HTTPResponse> {
  readonly #devTools: CDPSession;

  constructor(page: Page, devTools: CDPSession, parts: PageParts) {
    super(page, parts);
    this.#devTools = devTools;
  }

  blockResources(kinds: readonly string[]): Promise<void> {
    return blockResources(this.#devTools, kinds);
  }

  /** Puppeteer tells of an answer a little later than of the failure it led to. */
  protected catchUp(): Promise<unknown> {
    return this.#devTools.send('Runtime.evaluate', { expression: '0' });
  }
}
