import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError } from '../core/errors.ts';
import {
  integer,
  objectWith,
  oneOf,
  optional,
  optionsObject,
  parseOptions,
} from '../core/options.ts';
import { sendFollowingRedirects } from './follow-redirects.ts';
import type { Hop, HopResponse } from './hop.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';
import { proxyAuthorization } from './proxy-authorization.ts';
import type { DispatcherCache } from './undici-dispatchers.ts';
import type { Route } from './undici-errors.ts';
import { UndiciExchange } from './undici-exchange.ts';

export interface UndiciClientOptions {
  /** Proxies (with their credentials and connection settings) whose connections are kept at once. @default 500 */
  readonly maxAgents?: number;
  /**
   * How requests for `http:` sites go through HTTP proxies: handed over whole, as browsers and curl do, or through a
   * CONNECT tunnel, which many proxies allow for port 443 only. @default 'forward'
   */
  readonly plainHttpProxying?: 'forward' | 'tunnel';
  /** @default the system's */
  readonly clock?: Clock;
}

const DEFAULTS = Object.freeze({ maxAgents: 500, plainHttpProxying: 'forward' } as const);

const OPTIONS = optionsObject({
  maxAgents: optional(integer({ min: 1 })),
  plainHttpProxying: optional(oneOf(['forward', 'tunnel'])),
  clock: optional(objectWith<Clock>('a clock', ['now', 'monotonicMs', 'setTimer', 'sleep'])),
});

function resolveUndiciClientOptions(options: UndiciClientOptions): Required<UndiciClientOptions> {
  const { clock, maxAgents, plainHttpProxying } = parseOptions(
    OPTIONS,
    options,
    'UndiciClient options',
  );
  return {
    clock: clock ?? systemClock,
    maxAgents: maxAgents ?? DEFAULTS.maxAgents,
    plainHttpProxying: plainHttpProxying ?? DEFAULTS.plainHttpProxying,
  };
}

/** What we can decode; zstd is understood too, but only asked for by headers that imitate a browser. */
const ACCEPT_ENCODING = 'gzip, deflate, br';

/** An {@link HttpClient} on undici. Fast; its TLS handshake and header frame are Node's, not a browser's. */
export class UndiciClient implements HttpClient {
  readonly name: string = 'undici';
  readonly #clock: Clock;
  readonly #maxAgents: number;
  readonly #plainHttpRoute: Route;
  #dispatchers: DispatcherCache | undefined;
  #loading: Promise<DispatcherCache> | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: UndiciClientOptions = {}) {
    const { clock, maxAgents, plainHttpProxying } = resolveUndiciClientOptions(options);
    this.#clock = clock;
    this.#maxAgents = maxAgents;
    this.#plainHttpRoute = plainHttpProxying;
  }

  /**
   * @throws HttpError
   * @throws ClosedError after `close()`
   */
  send(request: HttpRequest): Promise<HttpResponse> {
    return sendFollowingRedirects(
      request,
      { clock: this.#clock, acceptEncoding: ACCEPT_ENCODING },
      this.#sendHop,
    );
  }

  /** Ends requests in flight (they fail as `aborted`) and closes every connection. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #sendHop = async (hop: Hop): Promise<HopResponse> => {
    if (this.#closing) throw new ClosedError('The HTTP client');
    const dispatchers = this.#dispatchers ?? (await this.#load());
    const route = this.#routeOf(hop);
    const exchange = new UndiciExchange(hop, route, this.#clock);
    if (exchange.isEnded) return exchange.response;
    const { url, request } = hop;
    dispatchers.get(route, request).dispatch(
      {
        origin: url.origin,
        path: route === 'forward' ? withoutFragment(url) : url.pathname + url.search,
        method: hop.method as 'GET',
        headers: route === 'forward' && request.proxy ? forwarded(hop) : (hop.headers as string[]),
        body: hop.body ?? null,
      },
      exchange,
    );
    return exchange.response;
  };

  #load(): Promise<DispatcherCache> {
    this.#loading ??= this.#makeDispatchers();
    return this.#loading;
  }

  /** Brings undici and what opens connections, which `import 'troupe'` must not cost. */
  async #makeDispatchers(): Promise<DispatcherCache> {
    const [undici, { DispatcherCache }] = await Promise.all([
      import('undici'),
      import('./undici-dispatchers.ts'),
    ]);
    this.#dispatchers = new DispatcherCache(undici, {
      maxAgents: this.#maxAgents,
      clock: this.#clock,
    });
    return this.#dispatchers;
  }

  #routeOf({ url, request: { proxy } }: Hop): Route {
    if (!proxy) return 'direct';
    return url.protocol === 'http:' && proxy.protocol !== 'socks5'
      ? this.#plainHttpRoute
      : 'tunnel';
  }

  async #close(): Promise<void> {
    await (await this.#loading)?.close();
  }
}

/** Absolute-form request target (RFC 9112, 3.2.2). */
function withoutFragment(url: URL): string {
  return url.origin + url.pathname + url.search;
}

/** What the proxy needs to know beside the request: the site's host and our credentials. */
function forwarded({ headers, url, request }: Hop): string[] {
  const authorization = request.proxy ? proxyAuthorization(request.proxy) : '';
  const sent: string[] = [];
  let hasHost = false;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    const lowerCaseName = name.toLowerCase();
    if (lowerCaseName === 'proxy-authorization' && authorization) continue;
    if (lowerCaseName === 'host') hasHost = true;
    sent.push(name, headers[index + 1] as string);
  }
  if (!hasHost) sent.push('Host', url.host);
  if (authorization) sent.push('Proxy-Authorization', authorization);
  return sent;
}
