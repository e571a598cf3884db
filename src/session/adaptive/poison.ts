import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { Suspect } from './quarantine.ts';

interface SuspectUrl {
  /** Sessions it was blocked on, by number and generation. */
  readonly sessions: Set<string>;
  readonly held: Set<Suspect>;
  isPoison: boolean;
}

/**
 * URLs that are blocked whoever asks. One that was blocked on several sessions of which success was expected is to
 * blame itself. Remembers a bounded number of URLs, the one blocked longest ago goes first.
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

  isHealthy(predicted: number): boolean {
    return predicted > this.#options.healthyAbove;
  }

  /** A session of which success was expected was blocked on it. Says whether the URL is to blame. */
  noteBlocked(url: string, slot: number, generation: number): boolean {
    const suspect = this.#suspects.get(url) ?? {
      sessions: new Set(),
      held: new Set(),
      isPoison: false,
    };
    this.#suspects.delete(url);
    this.#suspects.set(url, suspect);
    if (suspect.isPoison) return true;
    suspect.sessions.add(`${slot}/${generation}`);
    suspect.isPoison = suspect.sessions.size >= this.#options.sessions;
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
