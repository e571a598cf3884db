import type { ContextIdentity, DrivenBrowser, DrivenContext } from './browser-driver.ts';
import type { BrowserProcess } from './browser-process.ts';
import type { CloseLimits } from './driver-options.ts';
import { LoopbackForwarders } from './loopback-forwarder.ts';
import type { ContextEnd, RunningContext } from './running-context.ts';

/** A browser process under one of the libraries: its contexts, the forwarders their proxies go through, its end. */
export abstract class RunningBrowser<Library, Page, Response>
  implements DrivenBrowser<Page, Response>
{
  readonly browser: Library;
  readonly #life: BrowserProcess;
  readonly #limits: CloseLimits;
  readonly #forwarders = new LoopbackForwarders();
  readonly #contexts = new Set<RunningContext<Page, Response>>();

  constructor(browser: Library, life: BrowserProcess, limits: CloseLimits) {
    this.browser = browser;
    this.#life = life;
    this.#limits = limits;
    life.onGone(() => {
      for (const context of this.#contexts) context.browserGone();
    });
  }

  get isConnected(): boolean {
    return this.#life.isConnected;
  }

  onGone(listener: () => void): void {
    this.#life.onGone(listener);
  }

  async openContext(identity: ContextIdentity): Promise<DrivenContext<Page, Response>> {
    const { proxy } = identity;
    const forwarded = proxy ? await this.#forwarders.open(proxy) : undefined;
    try {
      const opened = await this.newContext(identity, forwarded?.server, {
        ...this.#limits,
        onClosed: async () => {
          this.#contexts.delete(opened);
          await forwarded?.release();
        },
      });
      this.#contexts.add(opened);
      if (!this.isConnected) opened.browserGone();
      return opened;
    } catch (error) {
      await forwarded?.release();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#life.close();
    await Promise.all([...this.#contexts].map((context) => context.close()));
  }

  /** `proxyServer` is where the context's traffic goes, loopback addresses too; absent for a direct connection. */
  protected abstract newContext(
    identity: ContextIdentity,
    proxyServer: string | undefined,
    end: ContextEnd,
  ): Promise<RunningContext<Page, Response>>;
}
