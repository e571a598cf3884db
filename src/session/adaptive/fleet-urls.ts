import { createHash } from 'node:crypto';
import type { OriginNews, OriginReport } from '../../storage/session-hands.ts';
import type { Poison, UrlEvidence } from './poison.ts';

/** No origin begins with this. */
const PREFIX = 'url ';
/** Told in one report, those blocked last first. */
const MOST_URLS = 50;
/** A URL is told of for so long after its last block: until the others have met it, or nobody will. */
const TOLD_FOR_MS = 120_000;

interface Exchange {
  readonly url: string;
  /** What this worker has told. */
  readonly told: UrlEvidence;
}

/** What workers tell each other of URLs that may be blocked on everybody: on how many sessions, and how likely by chance. */
export class FleetUrls {
  readonly #poison: Poison;
  readonly #onBlamed: (url: string) => void;
  /** By the name that was told last. */
  #exchanges = new Map<string, Exchange>();

  constructor(poison: Poison, onBlamed: (url: string) => void) {
    this.#poison = poison;
    this.#onBlamed = onBlamed;
  }

  reports(now: number): { readonly origins: OriginReport[]; readonly watched: string[] } {
    const former = this.#exchanges;
    this.#exchanges = new Map();
    const origins: OriginReport[] = [];
    const watched: string[] = [];
    for (const { url, own } of this.#poison.suspectsSince(now - TOLD_FOR_MS, MOST_URLS)) {
      const name = nameOf(url);
      const before = former.get(name);
      const told = before?.told ?? { sessions: 0, surprise: 0 };
      this.#exchanges.set(name, { url, told: own });
      if (before && own.sessions === told.sessions && own.surprise === told.surprise) {
        watched.push(name);
        continue;
      }
      origins.push({
        origin: name,
        rateChange: 0,
        firstRate: null,
        load: null,
        good: own.sessions - told.sessions,
        bad: own.surprise - told.surprise,
        upMs: null,
        downMs: null,
        probe: null,
        isFirst: before === undefined,
      });
    }
    return { origins, watched };
  }

  note(news: readonly OriginNews[]): void {
    for (const { origin, good, bad } of news) {
      const known = this.#exchanges.get(origin);
      if (!known) continue;
      const { url, told } = known;
      // What was told fades at the store, by less than half of a session in the time it is told for.
      const sessions = Math.round(good) - told.sessions;
      const surprise = bad - told.surprise;
      if (this.#poison.noteElsewhere(url, { sessions, surprise })) this.#onBlamed(url);
    }
  }
}

function nameOf(url: string): string {
  return PREFIX + createHash('sha256').update(url).digest('base64url').slice(0, 22);
}
