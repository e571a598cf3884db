import type { ProxyInfo } from '../../proxy/proxy-info.ts';
import type { BrowserCookie } from '../../session/cookies.ts';

/** What a session shows as a browser. Fixed for the life of its context. */
export interface ContextIdentity {
  readonly userAgent: string | undefined;
  /** BCP 47, such as `en-US`. */
  readonly locale: string;
  readonly viewport: { readonly width: number; readonly height: number };
  /** `null` for a direct connection. Credentials are dealt with by the driver. */
  readonly proxy: ProxyInfo | null;
}

export interface LaunchOptions {
  /** The browser's program; found by the driver when absent. */
  readonly executablePath: string | undefined;
  /** The user's own `puppeteer` or `playwright` (or its `chromium`), instead of the optional peer. */
  readonly launcher: unknown;
  /** @default true */
  readonly headless: boolean;
  /** Passed on as they are; they go before Troupe's own. */
  readonly launchOptions: Readonly<Record<string, unknown>>;
}

/** One way of driving a browser. The engine above knows nothing else of Puppeteer or Playwright. */
export interface BrowserDriver<Page, Response> {
  readonly name: 'puppeteer' | 'playwright';
  /** Loads the library. @throws TroupeError `TROUPE_PEER_MISSING` */
  prepare(launcher: unknown): Promise<void>;
  /** @throws TroupeError `TROUPE_BROWSER_MISSING`, `TROUPE_BROWSER_FAILED` */
  launch(options: LaunchOptions): Promise<DrivenBrowser<Page, Response>>;
}

/** A browser process. */
export interface DrivenBrowser<Page, Response> {
  /** The library's own object, for the user. */
  readonly browser: unknown;
  readonly isConnected: boolean;
  /** Called once, when the process is gone, for whatever reason. */
  onGone(listener: () => void): void;
  openContext(identity: ContextIdentity): Promise<DrivenContext<Page, Response>>;
  /** Ends the process and removes its temporary profile; kills it when it does not end by itself. Never throws. Idempotent. */
  close(): Promise<void>;
}

/** A session inside a browser: cookies, proxy and identity of its own, shared with no other context. */
export interface DrivenContext<Page, Response> {
  openPage(): Promise<DrivenPage<Page, Response>>;
  /** All cookies of the context, whatever their domain. */
  cookies(): Promise<BrowserCookie[]>;
  addCookies(cookies: readonly BrowserCookie[]): Promise<void>;
  /** Closes its pages too. Never throws. Idempotent. */
  close(): Promise<void>;
}

export interface DrivenPage<Page, Response> {
  /** The library's own object, for hooks and handlers. */
  readonly page: Page;
  /**
   * Goes to a URL. `null` when there was no response, as for a jump within the page.
   *
   * @throws what the library throws; `outcomeOfBrowserError` tells whose fault it is
   */
  goto(
    url: string,
    options: { timeoutMs: number } & Readonly<Record<string, unknown>>,
  ): Promise<Response | null>;
  /** Facts about a response that the engine judges by. */
  facts(response: Response): { url: string; statusCode: number; headers: Record<string, string> };
  url(): string;
  content(): Promise<string>;
  /** Requests of these kinds (`image`, `font`, `media`, `stylesheet`, …) are not made. */
  blockResources(kinds: readonly string[]): Promise<void>;
  /** The renderer died. Called at most once. */
  onCrash(listener: () => void): void;
  /** Never throws. Idempotent. */
  close(): Promise<void>;
}
