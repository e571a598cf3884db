import type { Page, Response } from 'playwright-core';
import { blockResources } from './block-resources.ts';
import { RunningPage } from './running-page.ts';

/** A page as Playwright drives it. */
export class PlaywrightPage extends RunningPage<Page, Response> {
  async blockResources(kinds: readonly string[]): Promise<void> {
    await blockResources(await this.page.context().newCDPSession(this.page), kinds);
  }

  protected catchUp(): Promise<void> {
    return Promise.resolve();
  }
}
