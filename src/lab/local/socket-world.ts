import { type Clock, systemClock } from '../../core/clock.ts';
import { SimulatedWorld } from '../simulation/simulated-world.ts';
import type { ProxyState, ResolvedWorld } from '../worlds/world.ts';
import { SocketSite } from './socket-site.ts';
import { openWorldProxy, type ProxyManner, type WorldProxy } from './world-proxy.ts';

const MANNERS: Readonly<Record<ProxyState, ProxyManner>> = {
  working: 'forwarding',
  barred: 'forwarding',
  dead: 'dead',
  silent: 'hanging',
};

/** What a socket world has seen so far. */
export interface SocketWorldReport {
  /** Requests that reached the site. */
  readonly hitsCount: number;
  /** Connections that proxies took and never answered. */
  readonly silentConnectionsCount: number;
  readonly servedPagesCount: number;
}

/**
 * A world of the lab with real servers and proxies on 127.0.0.1. Site and proxies decide as the simulation does, by the
 * same code and the same dice; only the network, the crawler and the time are real.
 */
export class SocketWorld implements AsyncDisposable {
  readonly #site: SocketSite;
  readonly #proxies: readonly WorldProxy<number>[];
  readonly #states: readonly ProxyState[];
  #closing: Promise<void> | undefined;

  private constructor(
    site: SocketSite,
    proxies: readonly WorldProxy<number>[],
    states: readonly ProxyState[],
  ) {
    this.#site = site;
    this.#proxies = proxies;
    this.#states = states;
  }

  static async open(options: {
    readonly world: ResolvedWorld;
    readonly seed: number | string;
    readonly clock?: Clock;
  }): Promise<SocketWorld> {
    const simulated = new SimulatedWorld(options.world, options.seed);
    const site = new SocketSite(simulated, options.clock ?? systemClock);
    await site.server.listen();
    const proxies: WorldProxy<number>[] = [];
    for (const { index, state } of simulated.proxies) {
      proxies.push(await openWorldProxy(MANNERS[state], index, site.server));
    }
    const states = simulated.proxies.map(({ state }) => state);
    return new SocketWorld(site, proxies, states);
  }

  get proxyUrls(): readonly string[] {
    return this.#proxies.map(({ url }) => url);
  }

  pageUrl(page: number): string {
    return `http://127.0.0.1:${this.#site.server.port}/page/${page}`;
  }

  report(): SocketWorldReport {
    const silent = this.#proxies.filter((_, index) => this.#states[index] === 'silent');
    return {
      hitsCount: this.#site.hitsCount,
      silentConnectionsCount: silent.reduce((sum, proxy) => sum + proxy.connectionsCount, 0),
      servedPagesCount: this.#site.servedPagesCount,
    };
  }

  /** Ends every connection. Idempotent; concurrent calls share one promise. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#proxies.map((proxy) => proxy.close()));
    await this.#site.server.close();
  }
}
