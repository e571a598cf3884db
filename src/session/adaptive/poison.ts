import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Suspect } from './quarantine.ts';

/** However well an address has done, it may be blocked. */
const MOST_SURE = 0.97;

/** What speaks against a URL. */
export interface UrlEvidence {
  /** It was blocked on. */
  readonly sessions: number;
  /** How unlikely that is by chance: minus the logarithm of its probability. */
  readonly surprise: number;
}

const NONE: UrlEvidence = Object.freeze({ sessions: 0, surprise: 0 });

interface SuspectUrl {
  /** Sessions it was blocked on, by number and generation. */
  readonly sessions: Set<string>;
  readonly held: Set<Suspect>;
  /** How unlikely it is that all of them were blocked by chance. */
  surprise: number;
  /** What other workers of the pool have seen. */
  elsewhere: UrlEvidence;
  blockedAt: number;
  isPoison: boolean;
}

/**
 * URLs that are blocked whoever asks. One that was blocked on several sessions of which success was expected, so that
 * it can hardly be chance, is to blame itself. Remembers a bounded number of URLs, the one blocked longest ago goes first.
 */
export class Poison {
  readonly #options: ResolvedAdaptiveOptions['poison'];
  readonly #maxUrls: number;
  readonly #suspects = new Map<string, SuspectUrl>();
  readonly #onForgotten: (held: ReadonlySet<Suspect>) => void;

  constructor(
    options: ResolvedAdaptiveOptions['poison'],
    maxUrls: number,
    onForgotten: (held: ReadonlySet<Suspect>) => void,
  ) {
    this.#options = options;
    this.#maxUrls = maxUrls;
    this.#onForgotten = onForgotten;
  }

  isBlamed(url: string): boolean {
    return this.#suspects.get(url)?.isPoison === true;
  }

  /** Whether others than this session were blocked on it of late. */
  isSuspected(url: string, slot: number, generation: number): boolean {
    const sessions = this.#suspects.get(url)?.sessions;
    if (!sessions) return false;
    return sessions.size > (sessions.has(`${slot}/${generation}`) ? 1 : 0);
  }

  isHealthy(predicted: number): boolean {
    return predicted > this.#options.healthyAbove;
  }

  /** A session of which success was expected was blocked on it. Says whether the URL is to blame. */
  noteBlocked(
    url: string,
    slot: number,
    generation: number,
    predicted: number,
    now: number,
  ): boolean {
    const suspect: SuspectUrl = this.#suspects.get(url) ?? {
      sessions: new Set(),
      held: new Set(),
      surprise: 0,
      elsewhere: NONE,
      blockedAt: now,
      isPoison: false,
    };
    this.#suspects.delete(url);
    this.#suspects.set(url, suspect);
    suspect.blockedAt = now;
    if (suspect.isPoison) return true;
    const session = `${slot}/${generation}`;
    if (!suspect.sessions.has(session)) {
      suspect.surprise -= Math.log(1 - Math.min(MOST_SURE, predicted));
    }
    suspect.sessions.add(session);
    this.#decide(suspect);
    if (this.#suspects.size > this.#maxUrls) this.#forgetOldest();
    return suspect.isPoison;
  }

  /** Others were blocked on it, too. Says whether the URL is to blame by it, and was not before. */
  noteElsewhere(url: string, evidence: UrlEvidence): boolean {
    const suspect = this.#suspects.get(url);
    if (!suspect || suspect.isPoison) return false;
    suspect.elsewhere = evidence;
    this.#decide(suspect);
    return suspect.isPoison;
  }

  /** URLs that were blocked since then, those blocked last. */
  suspectsSince(at: number, most: number): { readonly url: string; readonly own: UrlEvidence }[] {
    if (this.#suspects.size === 0) return [];
    return [...this.#suspects]
      .slice(-most)
      .filter(([, { blockedAt }]) => blockedAt >= at)
      .map(([url, { sessions, surprise }]) => ({
        url,
        own: { sessions: sessions.size, surprise },
      }));
  }

  /** The session waits for the verdict on the URL. */
  hold(url: string, suspect: Suspect): void {
    this.#suspects.get(url)?.held.add(suspect);
  }

  /** Those who wait for the verdict, who wait no longer. */
  takeHeld(url: string): readonly Suspect[] {
    const suspect = this.#suspects.get(url);
    if (!suspect || suspect.held.size === 0) return [];
    const held = [...suspect.held];
    suspect.held.clear();
    return held;
  }

  /** Somebody was let in: the URL is not to blame. */
  clear(url: string): readonly Suspect[] {
    if (this.#suspects.size === 0) return [];
    const held = this.takeHeld(url);
    this.#suspects.delete(url);
    return held;
  }

  #decide(suspect: SuspectUrl): void {
    const { elsewhere } = suspect;
    const sessions = suspect.sessions.size + elsewhere.sessions;
    const surprise = suspect.surprise + elsewhere.surprise;
    const { sessions: enough, maxChance } = this.#options;
    suspect.isPoison = sessions >= enough && surprise >= -Math.log(maxChance);
  }

  #forgetOldest(): void {
    const [url, suspect] = this.#suspects.entries().next().value as [string, SuspectUrl];
    this.#suspects.delete(url);
    this.#onForgotten(suspect.held);
  }
}
