import type { Browser, Impit } from 'impit';
import { type Clock, systemClock } from '../core/clock.ts';
import { ClosedError, TroupeError } from '../core/errors.ts';
import {
  integer,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../core/options.ts';
import { sendFollowingRedirects } from './follow-redirects.ts';
import type { Hop, HopResponse } from './hop.ts';
import type { HttpClient, HttpRequest, HttpResponse } from './http-client.ts';
import { ImpitExchange } from './impit-exchange.ts';

export interface ImpitClientOptions {
  /**
   * Whose TLS and HTTP/2 handshake is imitated: one of impit's names, with its version, such as `firefox144`.
   * @default the one that fits the request's `User-Agent`
   */
  readonly browser?: string;
  /** Proxies and browsers (in every combination) whose connections are kept at once. @default 100 */
  readonly maxInstances?: number;
  /** @default the system's */
  readonly clock?: Clock;
}

const DEFAULTS = Object.freeze({ maxInstances: 100 });

const OPTIONS = optionsObject({
  browser: optional(text()),
  maxInstances: optional(integer({ min: 1 })),
  clock: optional(objectWith<Clock>('a clock', ['now', 'monotonicMs', 'setTimer', 'sleep'])),
});

/** impit's plain names mean old versions. To update: the newest of each that it knows. */
const CURRENT: readonly (readonly [userAgent: RegExp, browser: Browser])[] = [
  [/\b(?:iPhone|iPad)\b|Version\/[\d.]+ Safari/, 'ios18'],
  [/\bFirefox\//, 'firefox144'],
  [/(?:)/, 'chrome151'],
];

type ImpitModule = typeof import('impit');

/**
 * An {@link HttpClient} that shakes hands like a browser, on the optional package impit. Some things it cannot do:
 * header names go out in lower case, it does not tell connecting from waiting (both limits together end in a
 * `first-byte-timeout`), and a GET carries no body.
 */
export class ImpitClient implements HttpClient {
  readonly name: string = 'impit';
  readonly #clock: Clock;
  readonly #browser: Browser | undefined;
  readonly #maxInstances: number;
  /** In order of last use. One serves a single proxy and browser for life. */
  readonly #instances = new Map<string, Impit>();
  readonly #inFlight = new Set<ImpitExchange>();
  #loading: Promise<ImpitModule> | undefined;
  #isClosed = false;

  constructor(options: ImpitClientOptions = {}) {
    const { browser, maxInstances, clock } = parseOptions(OPTIONS, options, 'ImpitClient options');
    this.#browser = browser as Browser | undefined;
    this.#maxInstances = maxInstances ?? DEFAULTS.maxInstances;
    this.#clock = clock ?? systemClock;
  }

  /**
   * @throws HttpError
   * @throws ClosedError after `close()`
   * @throws TroupeError `TROUPE_PEER_MISSING` when impit is not installed
   */
  send(request: HttpRequest): Promise<HttpResponse> {
    return sendFollowingRedirects(request, { clock: this.#clock }, this.#sendHop);
  }

  /** Ends requests in flight (they fail as `aborted`). impit lets its idle connections go in its own time. Idempotent. */
  close(): Promise<void> {
    this.#isClosed = true;
    this.#instances.clear();
    for (const exchange of this.#inFlight) exchange.stop('aborted', 'the client was closed');
    this.#inFlight.clear();
    return Promise.resolve();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  readonly #sendHop = async (hop: Hop): Promise<HopResponse> => {
    this.#loading ??= loadImpit();
    const module = await this.#loading;
    if (this.#isClosed) throw new ClosedError('The HTTP client');
    const exchange = new ImpitExchange(hop, this.#clock, (ended) => this.#inFlight.delete(ended));
    this.#inFlight.add(exchange);
    return exchange.send(this.#instanceFor(hop, module));
  };

  #instanceFor(hop: Hop, { Impit }: ImpitModule): Impit {
    const { proxy, ignoreSslErrors = false } = hop.request;
    const browser = this.#browser ?? browserOf(hop);
    const key = `${browser} ${ignoreSslErrors} ${proxy?.url ?? ''}`;
    let instance = this.#instances.get(key);
    if (instance) this.#instances.delete(key);
    else {
      instance = new Impit({
        browser,
        ignoreTlsErrors: ignoreSslErrors,
        followRedirects: false,
        // With an h the proxy resolves names; without, we would.
        ...(proxy ? { proxyUrl: proxy.url.replace(/^socks5:/, 'socks5h:') } : {}),
      });
    }
    this.#instances.set(key, instance);
    if (this.#instances.size > this.#maxInstances) {
      // Dropped, not closed: what is in flight keeps it until it is done.
      this.#instances.delete(this.#instances.keys().next().value as string);
    }
    return instance;
  }
}

function browserOf({ headers }: Hop): Browser {
  const index = headers.findIndex(
    (name, position) => position % 2 === 0 && name.toLowerCase() === 'user-agent',
  );
  const userAgent = index === -1 ? '' : (headers[index + 1] as string);
  return (CURRENT.find(([pattern]) => pattern.test(userAgent)) as (typeof CURRENT)[number])[1];
}

async function loadImpit(): Promise<ImpitModule> {
  try {
    return await import('impit');
  } catch (cause) {
    throw new TroupeError(
      'TROUPE_PEER_MISSING',
      'ImpitClient needs the package impit; install it with: npm install impit',
      { cause },
    );
  }
}
