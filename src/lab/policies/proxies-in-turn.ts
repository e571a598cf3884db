import { parseProxyUrl } from '../../proxy/parse-proxy-url.ts';
import type { ProxyInfo, ProxySource } from '../../proxy/proxy-info.ts';

/** Each new session gets the next proxy of the list, whatever became of the others. */
export class ProxiesInTurn implements ProxySource {
  readonly #proxies: readonly ProxyInfo[];
  #next = 0;

  constructor(proxyUrls: readonly string[]) {
    this.#proxies = proxyUrls.map((url) => parseProxyUrl(url));
  }

  bind(): ProxyInfo {
    const proxy = this.#proxies[this.#next % this.#proxies.length] as ProxyInfo;
    this.#next++;
    return proxy;
  }

  restore(): void {}

  release(): void {}

  report(): void {}
}
