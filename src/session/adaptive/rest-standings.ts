import type { Origin } from './origin.ts';
import { type RestName, restNameOf } from './rest-names.ts';

/** Of each kind. */
const MOST_STANDINGS = 10_000;

/** What was seen, told and heard of one address at one origin. */
export interface Standing {
  readonly pair: number;
  readonly origin: Origin;
  readonly kind: RestName['kind'];
  readonly name: string;
  /** As the fleet knows it: refused at, and let in what was sent at. */
  downAt: number;
  upAt: number;
  upHeardAt: number;
  downHeardAt: number;
  /** Not to be used before, by the word of others. */
  heardUntil: number;
  /** Nor before that, by what was seen here. */
  ownUntil: number;
  /** When it was refused here last; 0 where that is over. */
  refusedAt: number;
  /** Until then it goes by what is seen here, and that is not told. */
  disputedUntil: number;
}

/** By kind and pair; of those that are too many the first to rest is forgotten. */
export class RestStandings {
  readonly #byKind = {
    blocked: new Map<number, Standing>(),
    throttled: new Map<number, Standing>(),
  };
  readonly #onForgotten: (standing: Standing) => void;

  constructor(onForgotten: (standing: Standing) => void) {
    this.#onForgotten = onForgotten;
  }

  find(kind: Standing['kind'], pair: number): Standing | undefined {
    return this.#byKind[kind].get(pair);
  }

  ofPair(pair: number): Standing[] {
    const { blocked, throttled } = this.#byKind;
    const found: Standing[] = [];
    for (const standing of [blocked.get(pair), throttled.get(pair)]) {
      if (standing) found.push(standing);
    }
    return found;
  }

  /** Of those at an origin that rest by the word of others, and are at hand, the one that rests least. */
  firstHeardAt(
    origin: Origin,
    now: number,
    isAtHand: (pair: number) => boolean,
  ): Standing | undefined {
    let first: Standing | undefined;
    for (const standings of Object.values(this.#byKind)) {
      for (const standing of standings.values()) {
        if (standing.origin !== origin || standing.heardUntil <= now) continue;
        if (first && standing.heardUntil >= first.heardUntil) continue;
        if (isAtHand(standing.pair)) first = standing;
      }
    }
    return first;
  }

  of(pair: number, name: RestName, origin: Origin): Standing {
    const standings = this.#byKind[name.kind];
    const known = standings.get(pair);
    if (known) return known;
    const standing = newStanding(pair, name, origin);
    standings.set(pair, standing);
    if (standings.size > MOST_STANDINGS) {
      this.#forget(standings.values().next().value as Standing);
    }
    return standing;
  }

  /** The row is about to go to another pair. */
  forgetPair(pair: number): void {
    for (const standing of this.ofPair(pair)) this.#forget(standing);
  }

  #forget(standing: Standing): void {
    this.#byKind[standing.kind].delete(standing.pair);
    this.#onForgotten(standing);
  }
}

function newStanding(pair: number, name: RestName, origin: Origin): Standing {
  const never = Number.NEGATIVE_INFINITY;
  return {
    pair,
    origin,
    kind: name.kind,
    name: restNameOf(name),
    downAt: never,
    upAt: never,
    upHeardAt: never,
    downHeardAt: never,
    heardUntil: 0,
    ownUntil: 0,
    refusedAt: 0,
    disputedUntil: 0,
  };
}
