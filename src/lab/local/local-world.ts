import { type Clock, systemClock } from '../../core/clock.ts';
import { OptionError } from '../../core/errors.ts';
import { expectedText } from '../../core/options.ts';
import { SeededRandom } from '../../core/random.ts';
import { drawFates, type Fate, type FateKind } from './fate.ts';
import { PageGraph } from './page-graph.ts';
import { type AnswerKind, Visitor } from './visitor.ts';
import { openWorldProxy, type ProxyManner, type WorldProxy } from './world-proxy.ts';
import { WorldSite } from './world-site.ts';

export interface LocalWorldOptions {
  /** Pages of the site, 1 to 100,000. @default 500 */
  readonly pagesCount?: number;
  /** 0 to 200. @default 40 */
  readonly proxiesCount?: number;
  /** Decides the pages, their links, the fates and every refusal. @default 1 */
  readonly seed?: number | string;
  /** The slowest proxies' answers take this long, the fastest a quarter of it. @default 40 */
  readonly maxLatencyMs?: number;
  /** @default the system's */
  readonly clock?: Clock;
}

const DEFAULTS = Object.freeze({ pagesCount: 500, proxiesCount: 40, seed: 1, maxLatencyMs: 40 });

/** What one proxy went through. */
export interface ProxyReport {
  /** Without credentials. */
  readonly url: string;
  readonly fate: FateKind;
  /** Connections accepted; 0 for a dead proxy. */
  readonly connectionsCount: number;
  /** Requests that reached the site. */
  readonly hits: number;
  /** How the site answered them. */
  readonly answers: Readonly<Record<AnswerKind, number>>;
}

/** What the world has seen so far. */
export interface WorldReport {
  readonly pagesCount: number;
  /** Answers that were a page. */
  readonly servedCount: number;
  /** Numbers of the pages nobody was served. */
  readonly unservedPages: readonly number[];
  /** Pages served more than once. */
  readonly repeatedPagesCount: number;
  readonly proxies: readonly ProxyReport[];
}

/**
 * A website of linked pages and proxies to reach it, on real sockets of 127.0.0.1, with trouble in it: proxies
 * refuse, hang, get banned, throttled, denied or served errors. The seed decides all of it, as far as the order
 * in which requests arrive allows.
 */
export class LocalWorld implements AsyncDisposable {
  readonly #graph: PageGraph;
  readonly #site: WorldSite;
  readonly #proxies: readonly WorldProxy<Visitor>[];
  #closing: Promise<void> | undefined;

  private constructor(graph: PageGraph, site: WorldSite, proxies: readonly WorldProxy<Visitor>[]) {
    this.#graph = graph;
    this.#site = site;
    this.#proxies = proxies;
  }

  /** @throws OptionError */
  static async open(options: LocalWorldOptions = {}): Promise<LocalWorld> {
    const { pagesCount, proxiesCount, seed, maxLatencyMs } = { ...DEFAULTS, ...options };
    requireCount('pagesCount', pagesCount, 1, 100_000);
    requireCount('proxiesCount', proxiesCount, 0, 200);
    requireCount('maxLatencyMs', maxLatencyMs, 0, 10_000);
    const graph = new PageGraph(pagesCount, seed);
    const site = new WorldSite({ graph, clock: options.clock ?? systemClock });
    await site.server.listen();
    const proxies: WorldProxy<Visitor>[] = [];
    for (const [index, fate] of drawFates(proxiesCount, seed).entries()) {
      const random = new SeededRandom(`visitor ${seed} ${index}`);
      const latencyMs = Math.round(maxLatencyMs * (0.25 + 0.75 * random.next()));
      const visitor = new Visitor(fate, random, latencyMs);
      proxies.push(await openWorldProxy(mannerOf(fate), visitor, site.server));
    }
    return new LocalWorld(graph, site, proxies);
  }

  /** The page from which all others can be reached. */
  get startUrl(): string {
    return this.pageUrl(1);
  }

  pageUrl(page: number): string {
    return `http://127.0.0.1:${this.#site.server.port}/page/${page}`;
  }

  get proxyUrls(): readonly string[] {
    return this.#proxies.map((proxy) => proxy.url);
  }

  report(): WorldReport {
    const { servedTimes } = this.#site;
    const unservedPages: number[] = [];
    let servedCount = 0;
    let repeatedPagesCount = 0;
    for (let page = 1; page <= this.#graph.pagesCount; page++) {
      const times = servedTimes[page] ?? 0;
      servedCount += times;
      if (times === 0) unservedPages.push(page);
      if (times > 1) repeatedPagesCount++;
    }
    return {
      pagesCount: this.#graph.pagesCount,
      servedCount,
      unservedPages,
      repeatedPagesCount,
      proxies: this.#proxies.map(reportOf),
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

function mannerOf({ kind }: Fate): ProxyManner {
  return kind === 'dead' || kind === 'hanging' ? kind : 'forwarding';
}

function reportOf(proxy: WorldProxy<Visitor>): ProxyReport {
  return {
    url: proxy.url,
    fate: proxy.visitor.fate.kind,
    connectionsCount: proxy.connectionsCount,
    hits: proxy.visitor.hits,
    answers: { ...proxy.visitor.answers },
  };
}

function requireCount(option: string, value: number, min: number, max: number): void {
  if (Number.isInteger(value) && value >= min && value <= max) return;
  throw new OptionError(option, expectedText(option, `an integer from ${min} to ${max}`, value));
}
