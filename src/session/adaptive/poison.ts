import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Suspect } from './quarantine.ts';

/** However well an address has done, it may be blocked. */
const MOST_SURE = 0.97;

interface SuspectUrl {
  /** Sessions it was blocked on, by number and generation. */
  readonly sessions: Set<string>;
  readonly held: Set<Suspect>;
  /** How likely it is that all of them were blocked by chance. */
  chance: number;
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
  noteBlocked(url: string, slot: number, generation: number, predicted: number): boolean {
    const suspect = this.#suspects.get(url) ?? {
      sessions: new Set(),
      held: new Set(),
      chance: 1,
      isPoison: false,
    };
    this.#suspects.delete(url);
    this.#suspects.set(url, suspect);
    if (suspect.isPoison) return true;
    const session = `${slot}/${generation}`;
    if (!suspect.sessions.has(session)) suspect.chance *= 1 - Math.min(MOST_SURE, predicted);
    suspect.sessions.add(session);
    const { sessions, maxChance } = this.#options;
    suspect.isPoison = suspect.sessions.size >= sessions && suspect.chance <= maxChance;
    if (this.#suspects.size > this.#maxUrls) this.#forgetOldest();
    return suspect.isPoison;
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

  #forgetOldest(): void {
    const [url, suspect] = this.#suspects.entries().next().value as [string, SuspectUrl];
    this.#suspects.delete(url);
    this.#onForgotten(suspect.held);
  }
}
