import { ClosedError, OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import type { Random } from '../core/random.ts';
import { Bindings } from './bindings.ts';
import { infoFor, makeEntry, type ProxyEntry } from './proxy-entry.ts';
import { callProxyFunction } from './proxy-function.ts';
import type { ProxyInfo, ProxySource, ProxyVerdict } from './proxy-info.ts';
import { numberProxies, parseProxyList } from './proxy-list.ts';
import { ProxyListSource } from './proxy-list-source.ts';
import {
  type ProxyConfigurationOptions,
  type ResolvedProxyOptions,
  resolveProxyOptions,
} from './proxy-options.ts';
import { ProxyRoster } from './proxy-roster.ts';

/** How often a function is asked again that gives the proxy to be avoided. */
const MAX_AVOIDING_CALLS = 3;

/**
 * Which proxy a session, or a single request, goes through.
 *
 * Without a session id the proxies of the list take turns. With one, the answer is always the same: the
 * binding that `bind()` or `restore()` made; else the proxy that belongs to the id by rendezvous hashing,
 * which is the same after a restart and moves only when that proxy leaves the list; with a
 * `newUrlFunction`, its first answer for the id. A session that is bound keeps its proxy even when the
 * proxy leaves the list. All methods may be called concurrently.
 *
 * @example
 * const proxies = new ProxyConfiguration({ proxyUrls: ['http://user:password@proxy.example:8000', null] });
 * await proxies.newUrl('session-1');
 */
export class ProxyConfiguration implements ProxySource, AsyncDisposable {
  readonly #options: ResolvedProxyOptions;
  readonly #roster: ProxyRoster;
  readonly #bindings: Bindings;
  readonly #source: ProxyListSource | undefined;
  /** Calls of the function that are on their way, by session. */
  readonly #asking = new Map<string, Promise<ProxyEntry>>();
  #isClosed = false;

  /**
   * A file or a provider is loaded at first use; {@link ProxyConfiguration.create} loads it at once.
   *
   * @throws OptionError; ProxyUrlError for an entry of `proxyUrls` that is wrong or stands there twice
   */
  constructor(options: ProxyConfigurationOptions) {
    const resolved = resolveProxyOptions(options);
    this.#options = resolved;
    this.#roster = new ProxyRoster(resolved.clock);
    this.#bindings = new Bindings(resolved.maxBindings, (entry) => this.#roster.giveBack(entry));
    if (resolved.proxyUrls) {
      const listed = numberProxies(resolved.proxyUrls, 'proxyUrls');
      this.#takeList(parseProxyList(listed, resolved.countryCode));
    }
    const { listFrom: from } = resolved;
    if (from !== undefined) {
      const onList = (list: readonly (ProxyInfo | null)[]): void => this.#takeList(list);
      this.#source = new ProxyListSource({ ...resolved, from, onList });
    }
  }

  /** @throws OptionError; ProxyUrlError and ProxyListError when the first list is wrong or cannot be had */
  static async create(options: ProxyConfigurationOptions): Promise<ProxyConfiguration> {
    const configuration = new ProxyConfiguration(options);
    await configuration.#source?.start();
    return configuration;
  }

  /** The current list, `{session}` unfilled; empty with a `newUrlFunction`. Never log the URLs in it. */
  get proxies(): readonly (ProxyInfo | null)[] {
    return this.#roster.listed.map((entry) => entry.info);
  }

  /** How many sessions are remembered with their proxies; at most `maxBindings`. */
  get bindingsCount(): number {
    return this.#bindings.size;
  }

  /**
   * The URL to use, with credentials; `null` for a direct connection.
   *
   * @throws ProxyFunctionError; ClosedError after `close()`
   */
  async newUrl(sessionId?: string, options: { request?: unknown } = {}): Promise<string | null> {
    return (await this.newProxyInfo(sessionId, options))?.url ?? null;
  }

  /** As {@link ProxyConfiguration.newUrl}, taken apart. */
  async newProxyInfo(
    sessionId?: string,
    options: { request?: unknown } = {},
  ): Promise<ProxyInfo | null> {
    this.#check(sessionId);
    const loading = this.#loading();
    if (loading) return loading.then(() => this.newProxyInfo(sessionId, options));
    const entry =
      sessionId === undefined
        ? await this.#entryForRequest(options.request)
        : await this.#entryForSession(sessionId, options.request);
    return infoFor(entry, sessionId, this.#options.random);
  }

  /**
   * Binds a session that is being made to the proxy with the fewest bound sessions, ties in turn; O(log n).
   * Proxies that rest after failures (see {@link ProxyConfiguration.report}) are left out while there is
   * another. A bound session gets the proxy it has, unless that is the one to avoid.
   *
   * @param options.avoid URL of a proxy not to give if there is another
   * @param options.prefer URL of a proxy to give unless it rests
   */
  bind(
    sessionId: string,
    options: { request?: unknown; avoid?: string; prefer?: string } = {},
  ): Promise<ProxyInfo | null> | ProxyInfo | null {
    this.#check(sessionId);
    const loading = this.#loading();
    if (loading) return loading.then(() => this.bind(sessionId, options));
    const current = this.#bindings.get(sessionId);
    const info = current && this.#infoFor(current, sessionId);
    if (info !== undefined && (info === null || info.url !== options.avoid)) return info;
    if (this.#options.newUrlFunction) return this.#bindByFunction(sessionId, options);
    const avoided =
      options.avoid === undefined ? undefined : (current ?? this.#roster.find(options.avoid));
    const least = this.#roster.leastBound(avoided) as ProxyEntry;
    const entry = this.#roster.ready(options.prefer) ?? least;
    this.#remember(sessionId, entry);
    return this.#infoFor(entry, sessionId);
  }

  restore(sessionId: string, proxyInfo: ProxyInfo | null): void {
    if (this.#isClosed) return;
    this.#asking.delete(sessionId);
    const known = this.#roster.find(proxyInfo?.url ?? null, sessionId);
    this.#remember(sessionId, known ?? this.#roster.intern(withoutSession(proxyInfo)));
  }

  release(sessionId: string): void {
    this.#asking.delete(sessionId);
    this.#bindings.delete(sessionId);
  }

  /**
   * From here on proxies that were never given out come in an order of chance. A pool does this that several workers
   * share: they have the same list, and are not all to begin with its first proxy.
   */
  shuffle(random: Random): void {
    this.#roster.shuffle(random);
  }

  /**
   * After a failure, or two bans or timeouts, with no success between, a listed proxy gets no new sessions
   * for 10 s, then 20 s, up to 10 min; a success ends that. Sessions that are bound to it stay. A template
   * with `{session}` stands for many proxies, so reports about its URLs change nothing.
   */
  report(proxyUrl: string, verdict: ProxyVerdict): void {
    const entry = this.#roster.find(proxyUrl);
    if (entry) this.#roster.judge(entry, verdict);
  }

  /**
   * Looks at once whether the file has changed, or asks the provider. Never rejects: what goes wrong is
   * warned of and the last good list stays. Concurrent calls share one promise.
   */
  async reload(): Promise<void> {
    await this.#source?.reload();
  }

  /** Ends reloading and forgets all bindings. Idempotent. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#source?.close();
    this.#asking.clear();
    this.#bindings.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #check(sessionId: string | undefined): void {
    if (this.#isClosed) throw new ClosedError('The proxy configuration');
    if (sessionId === undefined || (typeof sessionId === 'string' && sessionId !== '')) return;
    throw new OptionError('sessionId', expectedText('sessionId', 'a non-empty string', sessionId));
  }

  /** `undefined` once there is a list, or a function. */
  #loading(): Promise<void> | undefined {
    return this.#roster.listed.length > 0 ? undefined : this.#source?.start();
  }

  async #entryForRequest(request: unknown): Promise<ProxyEntry> {
    const { newUrlFunction, countryCode } = this.#options;
    if (!newUrlFunction) return this.#roster.next() as ProxyEntry;
    return makeEntry(await callProxyFunction(newUrlFunction, undefined, request, countryCode));
  }

  async #entryForSession(sessionId: string, request: unknown): Promise<ProxyEntry> {
    const bound = this.#bindings.get(sessionId);
    if (bound) return bound;
    if (this.#options.newUrlFunction) return this.#ask(sessionId, request);
    return this.#roster.homeOf(sessionId) as ProxyEntry;
  }

  async #bindByFunction(
    sessionId: string,
    options: { request?: unknown; avoid?: string },
  ): Promise<ProxyInfo | null> {
    for (let call = 1; ; call++) {
      const info = this.#infoFor(await this.#ask(sessionId, options.request), sessionId);
      if (info === null || info.url !== options.avoid || call === MAX_AVOIDING_CALLS) return info;
      this.#bindings.delete(sessionId);
    }
  }

  /** One call of the function at a time for each session. Only an answer is remembered, not a failure. */
  #ask(sessionId: string, request: unknown): Promise<ProxyEntry> {
    const { newUrlFunction, countryCode } = this.#options;
    const pending = this.#asking.get(sessionId);
    if (pending || !newUrlFunction) return pending as Promise<ProxyEntry>;
    const asking: Promise<ProxyEntry> = callProxyFunction(
      newUrlFunction,
      sessionId,
      request,
      countryCode,
    )
      .then((info) => this.#answered(sessionId, asking, info))
      .finally(() => {
        if (this.#asking.get(sessionId) === asking) this.#asking.delete(sessionId);
      });
    this.#asking.set(sessionId, asking);
    return asking;
  }

  /** An answer that comes after `release()` or `restore()` binds nothing. */
  #answered(sessionId: string, asking: Promise<ProxyEntry>, info: ProxyInfo | null): ProxyEntry {
    if (this.#asking.get(sessionId) !== asking) {
      return this.#bindings.get(sessionId) ?? makeEntry(info);
    }
    const entry = this.#roster.intern(info);
    this.#remember(sessionId, entry);
    return entry;
  }

  /** Takes before it lets go of what was there: an entry without bindings may be forgotten. */
  #remember(sessionId: string, entry: ProxyEntry): void {
    this.#roster.take(entry);
    this.#bindings.set(sessionId, entry);
  }

  #infoFor(entry: ProxyEntry, sessionId: string): ProxyInfo | null {
    return infoFor(entry, sessionId, this.#options.random);
  }

  #takeList(list: readonly (ProxyInfo | null)[]): void {
    const { log, countryCode } = this.#options;
    const isFirst = this.#roster.listed.length === 0;
    const { addedCount, removedCount } = this.#roster.replace(list);
    if (countryCode !== undefined && !list.some((info) => info?.countryCode !== undefined)) {
      log.warning('`countryCode` has no effect: no proxy URL holds `{country}`');
    }
    if (isFirst || addedCount + removedCount === 0) return;
    log.info(`Proxies reloaded: ${addedCount} new, ${removedCount} gone, ${list.length} in all`);
  }
}

/** Entries are shared between sessions. */
function withoutSession(info: ProxyInfo | null): ProxyInfo | null {
  if (info === null) return null;
  const { sessionId: _, ...shared } = info;
  return shared;
}
