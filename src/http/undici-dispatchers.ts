import type { Agent, buildConnector, Client, Dispatcher, Pool } from 'undici';
import type { Clock } from '../core/clock.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import {
  type ConnectorOptions,
  directConnector,
  forwardConnector,
  tunnelConnector,
} from './connectors.ts';
import type { HttpRequest } from './http-client.ts';
import { clientsWithoutSpares } from './undici-clients.ts';
import type { Route } from './undici-errors.ts';

/** What of undici is used; loaded when the first request is sent. */
export interface Undici {
  readonly Agent: typeof Agent;
  readonly Client: typeof Client;
  readonly Pool: typeof Pool;
  readonly buildConnector: typeof buildConnector;
}

export interface DispatcherCacheOptions {
  readonly maxAgents: number;
  readonly clock: Clock;
}

/** Browsers allow as much; Node's own 16 kB is less than some sites send. */
const MAX_HEADER_BYTES = 256 * 1024;

/** Our own timers watch over every phase. */
const NO_TIMEOUTS = { headersTimeout: 0, bodyTimeout: 0 } as const;

const DIRECT = 'direct';

/**
 * The connections, kept apart by everything that must not be shared: the proxy with its credentials, the route
 * through it and the connection settings. The least recently used are closed once their requests are done.
 */
export class DispatcherCache {
  readonly #undici: Undici;
  readonly #maxAgents: number;
  readonly #clock: Clock;
  /** In order of last use. */
  readonly #dispatchers = new Map<string, Dispatcher>();
  readonly #retiring = new Set<Dispatcher>();
  #newestKey = '';

  constructor(undici: Undici, { maxAgents, clock }: DispatcherCacheOptions) {
    this.#undici = undici;
    this.#maxAgents = maxAgents;
    this.#clock = clock;
  }

  get size(): number {
    return this.#dispatchers.size;
  }

  get(route: Route, request: HttpRequest): Dispatcher {
    const proxy = request.proxy ?? undefined;
    const timeoutMs = request.connectTimeoutMs ?? 10_000;
    const flags = (request.ignoreSslErrors ? 1 : 0) | (request.useHttp2 ? 2 : 0);
    const key = `${proxy ? route : DIRECT} ${flags} ${timeoutMs} ${proxy?.url ?? ''}`;
    const known = this.#dispatchers.get(key);
    if (known) {
      this.#touch(key, known);
      return known;
    }
    const made = this.#make(route, proxy, {
      clock: this.#clock,
      timeoutMs,
      ignoreSslErrors: request.ignoreSslErrors ?? false,
      useHttp2: request.useHttp2 ?? false,
    });
    this.#dispatchers.set(key, made);
    this.#newestKey = key;
    if (this.#dispatchers.size > this.#maxAgents) this.#evictOldest();
    return made;
  }

  /** Cuts every connection; requests in flight fail as aborted. */
  async close(): Promise<void> {
    const all = [...this.#dispatchers.values(), ...this.#retiring];
    this.#dispatchers.clear();
    await Promise.all(all.map((dispatcher) => dispatcher.destroy()));
  }

  #touch(key: string, dispatcher: Dispatcher): void {
    if (key === this.#newestKey) return;
    this.#dispatchers.delete(key);
    this.#dispatchers.set(key, dispatcher);
    this.#newestKey = key;
  }

  #make(route: Route, proxy: ProxyInfo | undefined, options: ConnectorOptions): Dispatcher {
    const { Agent, Client, Pool, buildConnector } = this.#undici;
    const settings = { ...NO_TIMEOUTS, maxHeaderSize: MAX_HEADER_BYTES };
    const factory = clientsWithoutSpares(Client);
    const poolFactory = (origin: string | URL, options: object): Pool =>
      new Pool(origin, { ...options, factory });
    if (!proxy) {
      const connect = directConnector(buildConnector, options);
      return new Agent({ ...settings, allowH2: options.useHttp2, connect, factory: poolFactory });
    }
    if (route === 'tunnel') {
      const connect = tunnelConnector(buildConnector, proxy, options);
      return new Agent({ ...settings, allowH2: options.useHttp2, connect, factory: poolFactory });
    }
    // The connector alone knows how to reach the proxy; to undici it is a plain server.
    const connect = forwardConnector(proxy, options);
    return new Pool('http://proxy', { ...settings, connect, factory });
  }

  #evictOldest(): void {
    const [key, dispatcher] = this.#dispatchers.entries().next().value as [string, Dispatcher];
    this.#dispatchers.delete(key);
    this.#retiring.add(dispatcher);
    const forget = (): void => {
      this.#retiring.delete(dispatcher);
    };
    dispatcher.close().then(forget, forget);
  }
}
