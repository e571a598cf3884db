import { messageOf, TroupeError } from '../../core/errors.ts';
import { requestAsBrowser } from '../../http/request-as-browser.ts';
import { log } from '../log.ts';
import type { ProxyInfo } from './proxy-info.ts';
import type { PlatformProxy } from './proxy-options.ts';

const CHECK_TIMEOUT_SECS = 4;

/** What the proxy says of itself. */
interface ProxyStatus {
  readonly connected?: boolean;
  readonly connectionError?: string;
}

/** Apify Proxy: one address, and a username that says which groups, session and country are meant. */
export class PlatformSource {
  readonly #proxy: PlatformProxy;

  constructor(proxy: PlatformProxy) {
    this.#proxy = proxy;
  }

  infoFor(sessionId: string | undefined): ProxyInfo {
    const { password, groups, countryCode, hostname, port } = this.#proxy;
    const username = this.#usernameFor(sessionId);
    return {
      // Nothing in the username needs to be encoded, and the documented form has its `,` and `+` as they are.
      url: `http://${username}:${encodeURIComponent(password)}@${hostname}:${port}`,
      protocol: 'http',
      hostname,
      port,
      username,
      password,
      groups,
      ...(sessionId === undefined ? {} : { sessionId }),
      ...(countryCode === undefined ? {} : { countryCode }),
    };
  }

  /**
   * Asks the proxy whether it lets us in. That it cannot be asked is no proof that it does not work.
   *
   * @throws TroupeError `TROUPE_APIFY_PROXY` when it says no
   */
  async check(): Promise<void> {
    const status = await this.#status().catch((error) => {
      log.warning(`Apify Proxy could not be asked for its status: ${messageOf(error)}`);
      return undefined;
    });
    if (status?.connected !== false) return;
    const reason = status.connectionError ?? 'it gives no reason';
    throw new TroupeError('TROUPE_APIFY_PROXY', `Apify Proxy refuses the connection: ${reason}`);
  }

  async #status(): Promise<ProxyStatus> {
    const { body } = await requestAsBrowser<ProxyStatus>({
      url: `${this.#proxy.statusUrl}/?format=json`,
      proxyUrl: this.infoFor(undefined).url,
      json: true,
      timeoutSecs: CHECK_TIMEOUT_SECS,
      useHttp2: false,
      throwHttpErrors: true,
    });
    return body;
  }

  #usernameFor(sessionId: string | undefined): string {
    const { groups, countryCode } = this.#proxy;
    const parts = [
      ...(groups.length > 0 ? [`groups-${groups.join('+')}`] : []),
      ...(sessionId === undefined ? [] : [`session-${sessionId}`]),
      ...(countryCode === undefined ? [] : [`country-${countryCode}`]),
    ];
    return parts.length > 0 ? parts.join(',') : 'auto';
  }
}
