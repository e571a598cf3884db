import { parseProxyUrl } from '../../proxy/parse-proxy-url.ts';
import type { ProxySource, ProxyVerdict } from '../../proxy/proxy-info.ts';
import { functionSource, listSource, type OwnSource, withGroups } from './own-source.ts';
import { PlatformSource } from './platform-source.ts';
import type { ProxyInfo } from './proxy-info.ts';
import {
  checkedSessionId,
  type ProxyConfigurationOptions,
  resolveProxyOptions,
} from './proxy-options.ts';

/**
 * Apify Proxy, or proxies of your own. The same session identifier always gives the same proxy. New name:
 * `ProxyConfiguration` of `troupe`, with `{session}` in the username of a vendor's URL.
 */
export class ProxyConfiguration implements ProxySource {
  readonly #platform: PlatformSource | undefined;
  readonly #own: OwnSource | undefined;

  /** @throws OptionError, ProxyUrlError */
  constructor(options: ProxyConfigurationOptions = {}) {
    const resolved = resolveProxyOptions(options);
    if (resolved.kind === 'platform') this.#platform = new PlatformSource(resolved);
    else if (resolved.kind === 'urls') this.#own = listSource(resolved.proxyUrls);
    else this.#own = functionSource(resolved.newUrlFunction);
  }

  /** Asks Apify Proxy whether it may be used. @throws TroupeError `TROUPE_APIFY_PROXY` when it says no */
  async initialize(): Promise<void> {
    await this.#platform?.check();
  }

  /** With credentials, such as `http://groups-SHADER,session-a1:password@proxy.apify.com:8000`. @throws OptionError */
  newUrl(sessionId?: string | number): string {
    return this.newProxyInfo(sessionId).url;
  }

  /** As {@link ProxyConfiguration.newUrl}, taken apart. @throws OptionError */
  newProxyInfo(sessionId?: string | number): ProxyInfo {
    const id = sessionId === undefined ? undefined : checkedSessionId(sessionId);
    return (this.#platform ?? (this.#own as OwnSource)).infoFor(id);
  }

  /** For the pool: the proxy of a session that is being made. */
  bind(sessionId: string): ProxyInfo {
    return this.newProxyInfo(sessionId);
  }

  /** For the pool: the proxy of a session that was saved with this URL. */
  restored(sessionId: string, proxyUrl: string): ProxyInfo {
    if (this.#platform) return this.#platform.infoFor(sessionId);
    const info = withGroups(parseProxyUrl(proxyUrl, 'a saved proxy'), sessionId);
    this.#own?.restore(sessionId, info);
    return info;
  }

  /** For the pool; {@link ProxyConfiguration.restored} is what is used here. */
  restore(): void {}

  release(sessionId: string): void {
    this.#own?.release(sessionId);
  }

  report(proxyUrl: string, verdict: ProxyVerdict): void {
    this.#own?.report(proxyUrl, verdict);
  }
}

/**
 * Makes a proxy configuration that is ready to use; `undefined` for `{ useApifyProxy: false }` without proxies of
 * your own. New name: `new ProxyConfiguration()` of `troupe`.
 *
 * @throws OptionError, ProxyUrlError, TroupeError `TROUPE_APIFY_PROXY`
 */
export async function createProxyConfiguration(
  options: ProxyConfigurationOptions = {},
): Promise<ProxyConfiguration | undefined> {
  const { useApifyProxy, proxyUrls, newUrlFunction } = options;
  if (useApifyProxy === false && !proxyUrls && !newUrlFunction) return undefined;
  const configuration = new ProxyConfiguration(options);
  await configuration.initialize();
  return configuration;
}
