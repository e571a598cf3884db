import type { Random } from '../../core/random.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { BreakerEvent } from './breaker.ts';
import { Origin } from './origin.ts';

/** So many of the oldest are looked at for one that may be forgotten. */
const EVICTION_TRIES = 16;
const MAX_PREFIXES = 10_000;

/** The origins that have been used lately, a bounded number of them. */
export class OriginBook {
  readonly #options: ResolvedAdaptiveOptions;
  readonly #random: Random;
  readonly #onChange: (origin: string, event: BreakerEvent) => void;
  /** The one used longest ago first. */
  readonly #origins = new Map<string, Origin>();
  /** Scheme and authority as URLs have them, such as `HTTP://User@host:80`, to origins. */
  readonly #keyOfPrefix = new Map<string, string>();
  readonly #freeChains: number[] = [];
  /** Of what an address may send to an origin of which nothing is known; see `Pacing.share`. */
  share = 1;
  #nextSerial = 1;
  #onKnown: ((origin: Origin) => void) | undefined;
  #last: { readonly prefix: string; readonly origin: Origin } | undefined;
  /** Asked for last: whoever is picked for it is lent for it. */
  #lastUrl = '';

  constructor(
    options: ResolvedAdaptiveOptions,
    random: Random,
    /** An origin was found to be down, or to answer again. */
    onChange: (origin: string, event: BreakerEvent) => void = () => {},
  ) {
    this.#options = options;
    this.#random = random;
    this.#onChange = onChange;
  }

  get size(): number {
    return this.#origins.size;
  }

  find(key: string): Origin | undefined {
    return this.#origins.get(key);
  }

  all(): Iterable<Origin> {
    return this.#origins.values();
  }

  /** Tells of all that come from here on. */
  watch(onKnown: (origin: Origin) => void): void {
    this.#onKnown = onKnown;
  }

  /** Leases that name no URL share an origin without a name. */
  of(url = ''): Origin {
    const last = this.#last;
    if (last && (url === this.#lastUrl || isUnder(url, last.prefix))) {
      this.#lastUrl = url;
      return last.origin;
    }
    this.#lastUrl = url;
    const prefix = prefixOf(url);
    const origin = this.#use(this.#keyOf(prefix));
    this.#last = { prefix, origin };
    return origin;
  }

  #use(key: string): Origin {
    const known = this.#origins.get(key);
    if (known) {
      this.#origins.delete(key);
      this.#origins.set(key, known);
      return known;
    }
    if (this.#origins.size >= this.#options.memory.origins) this.#forgetOldest();
    const dueChain = this.#freeChains.pop() ?? this.#origins.size;
    const name = { key, serial: this.#nextSerial++, dueChain };
    const origin = new Origin(name, this.#options, this.#random, this.#onChange);
    origin.pacing.share = this.share;
    this.#origins.set(key, origin);
    this.#onKnown?.(origin);
    return origin;
  }

  #keyOf(prefix: string): string {
    const known = this.#keyOfPrefix.get(prefix);
    if (known !== undefined) return known;
    const key = URL.canParse(prefix) ? new URL(prefix).origin : prefix;
    if (this.#keyOfPrefix.size >= MAX_PREFIXES) this.#keyOfPrefix.clear();
    this.#keyOfPrefix.set(prefix, key);
    return key;
  }

  #forgetOldest(): void {
    let tries = 0;
    for (const origin of this.#origins.values()) {
      if (!origin.isBusy) {
        this.#origins.delete(origin.key);
        this.#freeChains.push(origin.dueChain);
        return;
      }
      if (++tries === EVICTION_TRIES) return;
    }
  }
}

/** Whether a URL begins with a scheme and authority, and both end there. */
function isUnder(url: string, prefix: string): boolean {
  return url.startsWith(prefix) && (url.length === prefix.length || isEnd(url, prefix.length));
}

function prefixOf(url: string): string {
  let end = url.indexOf('://') + 3;
  while (end < url.length && !isEnd(url, end)) end++;
  return url.slice(0, end);
}

function isEnd(url: string, at: number): boolean {
  const code = url.charCodeAt(at);
  return code === SLASH || code === QUESTION_MARK || code === HASH || code === BACKSLASH;
}

const SLASH = 47;
const QUESTION_MARK = 63;
const HASH = 35;
const BACKSLASH = 92;
