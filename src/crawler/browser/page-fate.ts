import { messageOf } from '../../core/errors.ts';
import { HttpError } from '../../http/http-error.ts';
import type { ProxyInfo } from '../../proxy/proxy-info.ts';
import { BrowserCrashError } from './browser-errors.ts';
import { forwarderFailure, isForwarded } from './loopback-forwarder.ts';

/** What can happen to a page besides loading: it crashes, the browser goes, the proxy fails behind our forwarder. */
export class PageFate {
  readonly #isForwarded: boolean;
  readonly #listeners: (() => void)[] = [];
  #fallen: 'page' | 'browser' | undefined;
  #fall: (what: 'page' | 'browser') => void = () => {};
  readonly #falling: Promise<'page' | 'browser'>;

  constructor(proxy: ProxyInfo | null) {
    this.#isForwarded = proxy !== null && isForwarded(proxy);
    this.#falling = new Promise((resolve) => {
      this.#fall = resolve;
    });
  }

  get isBrowserGone(): boolean {
    return this.#fallen === 'browser';
  }

  crashed(): void {
    if (this.#fallen) return;
    this.#fallen = 'page';
    this.#fall('page');
    for (const listener of this.#listeners.splice(0)) listener();
  }

  browserGone(): void {
    this.#fallen ??= 'browser';
    this.#fall('browser');
  }

  onCrash(listener: () => void): void {
    if (this.#fallen === 'page') listener();
    else this.#listeners.push(listener);
  }

  /** Goes to a URL; rejects at once when page or browser die, and when the answer is the forwarder's. */
  async navigate<Response>(
    url: string,
    go: () => Promise<Response | null>,
    facts: (response: Response) => { statusCode: number; headers: Record<string, string> },
    seen: () => Promise<Response | undefined>,
  ): Promise<Response | null> {
    const response = await this.outrun(url, go()).catch(async (error: unknown) => {
      const answer = isShownAsFailure(error) ? await seen() : undefined;
      if (answer === undefined) throw error;
      return answer;
    });
    if (!response || !this.#isForwarded) return response;
    const status = forwarderFailure(facts(response));
    if (status === undefined) return response;
    throw new HttpError('proxy', proxyFailure(url, status), {
      url,
      ...(status === null ? {} : { proxyStatus: status }),
    });
  }

  /** The libraries may leave a call on a page that is no more unanswered. */
  async outrun<Value>(url: string, call: Promise<Value>): Promise<Value> {
    try {
      return await Promise.race([
        call,
        this.#falling.then((what) => {
          throw new BrowserCrashError(what, url);
        }),
      ]);
    } catch (error) {
      // Whatever the library made of it: this is why.
      throw this.#fallen ? new BrowserCrashError(this.#fallen, url) : error;
    }
  }
}

/** Chromium shows a page of its own for an empty error page, or for credentials nobody has; the site did answer. */
function isShownAsFailure(error: unknown): boolean {
  return /net::ERR_(?:HTTP_RESPONSE_CODE_FAILURE|INVALID_AUTH_CREDENTIALS)\b/.test(
    messageOf(error),
  );
}

function proxyFailure(url: string, status: 407 | null): string {
  return status === 407
    ? `${url} could not be reached: the proxy refused the credentials`
    : `${url} could not be reached: the proxy failed`;
}
