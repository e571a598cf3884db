import { systemClock } from '../../core/clock.ts';
import type { BrowserDriver, DrivenBrowser, LaunchOptions } from './browser-driver.ts';
import { CLOSE_GRACE_MS, type CloseLimits, type DriverOptions } from './driver-options.ts';
import { type Launcher, launcherOf, loadPeer } from './launcher.ts';

/** Drives Chromium with a library: an optional peer, loaded once when it is needed, or the user's own launcher. */
export abstract class LibraryDriver<Library, Page, Response>
  implements BrowserDriver<Page, Response>
{
  abstract readonly name: 'puppeteer' | 'playwright';
  protected readonly limits: CloseLimits;
  #launcher: Launcher<Library> | undefined;

  constructor({ clock = systemClock, closeGraceMs = CLOSE_GRACE_MS }: DriverOptions = {}) {
    this.limits = { clock, graceMs: closeGraceMs };
  }

  async prepare(launcher: unknown): Promise<void> {
    await this.launcherFor(launcher);
  }

  abstract launch(options: LaunchOptions): Promise<DrivenBrowser<Page, Response>>;

  protected async launcherFor(given: unknown): Promise<Launcher<Library>> {
    if (given !== undefined) return launcherOf(given);
    const crawler = `${this.name.charAt(0).toUpperCase()}${this.name.slice(1)}Crawler`;
    this.#launcher ??= launcherOf(
      await loadPeer(crawler, `${this.name}-core`, () => this.loadLibrary()),
    );
    return this.#launcher;
  }

  protected abstract loadLibrary(): Promise<unknown>;
}
