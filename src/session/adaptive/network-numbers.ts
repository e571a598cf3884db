const MAX_NETWORKS = 10_000;

/** Numbers for the networks of addresses, from 0 on in the order in which they come. */
export class NetworkNumbers {
  readonly #numbers = new Map<string, number>();
  readonly #urlOfHost = new Map<string, string>();
  #next = 0;

  /** Addresses of one /24 share a number; a host with a name is a network of its own. */
  of(proxyUrl: string): number {
    const name = this.#nameOf(proxyUrl);
    const known = this.#numbers.get(name);
    if (known !== undefined) return known;
    if (this.#numbers.size >= MAX_NETWORKS) {
      this.#numbers.clear();
      this.#urlOfHost.clear();
    }
    const number = this.#next++;
    this.#numbers.set(name, number);
    return number;
  }

  #nameOf(proxyUrl: string): string {
    if (!URL.canParse(proxyUrl)) return proxyUrl;
    const { hostname } = new URL(proxyUrl);
    if (!IPV4.test(hostname)) return proxyUrl;
    // Many proxies behind one host are a gateway, and tell nothing of the addresses behind it.
    const first = this.#urlOfHost.get(hostname) ?? proxyUrl;
    if (first !== proxyUrl) return proxyUrl;
    this.#urlOfHost.set(hostname, proxyUrl);
    return hostname.slice(0, hostname.lastIndexOf('.'));
  }
}

const IPV4 = /^\d+\.\d+\.\d+\.\d+$/;
