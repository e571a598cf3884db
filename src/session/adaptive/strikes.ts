import { Stickiness } from './stickiness.ts';

/** A block after fewer 429s than this had another reason. */
const LEAST = 2;
/** An address that has drawn so many and is let in shows that they do not matter. */
const MANY = 6;
/** While it is not known whether they matter, so many of one event count. */
const AT_FIRST = 3;
const EVEN = 0.5;

/**
 * Whether an origin shuts out addresses for the 429s they drew, which only such bans tell. Elsewhere a 429 is over with
 * the next success, so that a crawl of few addresses is not held up for what costs nothing.
 */
export class Strikes {
  readonly #outs = new Stickiness();
  #fewest = MANY;

  /**
   * Of 429s that come together so many count each for itself, where others are one event; and unless it is 0, success
   * in between does not end a row. Some find out for the others.
   */
  mostCounted(findsOut: boolean): number {
    const { share } = this.#outs;
    if (share === EVEN) return findsOut ? 0 : AT_FIRST;
    return share > EVEN ? Number.POSITIVE_INFINITY : 0;
  }

  /** An address was blocked that had drawn so many of late. */
  noteBlocked(throttlesCount: number): void {
    if (throttlesCount < LEAST) return;
    this.#fewest = Math.min(this.#fewest, throttlesCount);
    this.#outs.note(true);
  }

  /** An address was let in that had drawn so many of late. Says whether that settles them. */
  noteLetIn(throttlesCount: number): boolean {
    if (throttlesCount < this.#fewest) return false;
    this.#outs.note(false);
    return true;
  }
}
