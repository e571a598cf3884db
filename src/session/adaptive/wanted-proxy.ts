import type { ProxyBook } from './proxy-book.ts';

/** For so long another session is wanted of an address that might have had one more use. */
const WANTED_MS = 1000;

/** A proxy of which another session would be of use: all it has are out, and it may be given more. */
export class WantedProxy {
  readonly #proxies: ProxyBook;
  #proxy = -1;
  #until = 0;

  constructor(proxies: ProxyBook) {
    this.#proxies = proxies;
  }

  /** The first one stays for a moment: those that are wanted after it are slower. */
  note(proxy: number, now: number): void {
    if (this.#proxy !== -1 && now < this.#until) return;
    this.#proxy = proxy;
    this.#until = now + WANTED_MS;
  }

  /** Its URL. Whoever asks makes the session. */
  take(now: number): string | undefined {
    const proxy = this.#proxy;
    this.#proxy = -1;
    if (proxy === -1 || now >= this.#until || this.#proxies.isDirect(proxy)) return undefined;
    return this.#proxies.urlOf(proxy);
  }
}
