import type { Clock } from '../core/clock.ts';
import { TroupeError } from '../core/errors.ts';

export interface RobotsVerdict {
  readonly isAllowed: boolean;
  /** `Crawl-delay`, when the file has one for us. */
  readonly crawlDelaySecs: number | undefined;
}

/** Gets a robots.txt. Rejects when nothing answered. */
export type FetchRobots = (
  url: string,
  signal: AbortSignal,
) => Promise<{ readonly statusCode: number; readonly text: string }>;

/** What we use of robots-parser, whose own types do not fit how Node loads it. */
interface Rules {
  isAllowed(url: string, userAgent: string): boolean | undefined;
  getCrawlDelay(userAgent: string): number | undefined;
}

type ParseRobots = (url: string, text: string) => Rules;

interface Entry {
  readonly rules: Promise<Rules>;
  /** Once loaded, so that links can be judged without waiting. */
  loaded: Rules | undefined;
  expiresAt: number;
}

const MAX_ORIGINS = 2000;
const TTL_MS = 24 * 3600_000;
/** RFC 9309 asks crawlers to read at least 500 KiB. */
const MAX_TEXT_LENGTH = 512 * 1024;

/**
 * What robots.txt files say (RFC 9309): fetched once an origin and kept for a day, at most 2,000 of them.
 * A file that does not exist (4xx) allows everything. One that cannot be had (5xx, no answer) is an error
 * and asked for again the next time: pages must not be fetched, but neither are they forbidden for good.
 */
export class Robots {
  readonly #fetch: FetchRobots;
  readonly #userAgent: string;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(options: { fetch: FetchRobots; userAgent: string; clock: Clock }) {
    this.#fetch = options.fetch;
    this.#userAgent = options.userAgent;
    this.#clock = options.clock;
  }

  /** @throws TroupeError `TROUPE_ROBOTS_UNREACHABLE`; or the signal's reason */
  async check(url: string, signal: AbortSignal): Promise<RobotsVerdict> {
    const rules = await this.#entryOf(new URL(url).origin, signal).rules;
    return {
      isAllowed: rules.isAllowed(url, this.#userAgent) ?? true,
      crawlDelaySecs: rules.getCrawlDelay(this.#userAgent),
    };
  }

  /** Whether the link is known to be forbidden; `false` while its origin's file has not been read. */
  isKnownForbidden(url: URL): boolean {
    const rules = this.#entries.get(url.origin)?.loaded;
    return rules?.isAllowed(url.href, this.#userAgent) === false;
  }

  #entryOf(origin: string, signal: AbortSignal): Entry {
    const known = this.#entries.get(origin);
    if (known && known.expiresAt > this.#clock.now()) return known;
    const entry: Entry = {
      rules: this.#load(origin, signal),
      loaded: undefined,
      expiresAt: this.#clock.now() + TTL_MS,
    };
    entry.rules.then(
      (rules) => {
        entry.loaded = rules;
      },
      () => {
        if (this.#entries.get(origin) === entry) this.#entries.delete(origin);
      },
    );
    this.#entries.delete(origin);
    this.#entries.set(origin, entry);
    if (this.#entries.size > MAX_ORIGINS) {
      this.#entries.delete(this.#entries.keys().next().value as string);
    }
    return entry;
  }

  async #load(origin: string, signal: AbortSignal): Promise<Rules> {
    const url = `${origin}/robots.txt`;
    const parse = (await import('robots-parser')).default as unknown as ParseRobots;
    let answer: Awaited<ReturnType<FetchRobots>>;
    try {
      answer = await this.#fetch(url, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(url, 'it could not be fetched', error);
    }
    if (answer.statusCode >= 500 || answer.statusCode === 429) {
      throw unreachable(url, `it was answered with status ${answer.statusCode}`);
    }
    const isFile = answer.statusCode >= 200 && answer.statusCode < 300;
    return parse(url, isFile ? answer.text.slice(0, MAX_TEXT_LENGTH) : '');
  }
}

function unreachable(url: string, why: string, cause?: unknown): TroupeError {
  return new TroupeError(
    'TROUPE_ROBOTS_UNREACHABLE',
    `${url} decides whether the page may be fetched, but ${why}`,
    { cause },
  );
}
