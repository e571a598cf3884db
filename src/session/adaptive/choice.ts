import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { decayed } from './decay.ts';
import type { Origin } from './origin.ts';
import type { PairTable } from './pair-table.ts';
import type { PickReason } from './use.ts';

/** Something is better than nothing: the cost of a use that was never made. */
const FIRST_USE = 0.5;
/** Whoever takes so many times as long is a makeshift. */
const MUCH_SLOWER = 1.5;
/** A scout that has enough to do comes after all others. */
const OVERRUN = 1000;
const LOWEST_CHANCE = 0.001;
/** An idle address with such a chance makes it needless to try out others. */
const TRUSTED = 0.5;

/** What is believed of a session. */
export interface Belief {
  /** Drawn. */
  readonly chance: number;
  /** Its proxy answered when it was last asked. */
  readonly isProven: boolean;
}

/**
 * The best of a few: of those with a good chance the one used least. Looking at a handful instead of all is the
 * "power of d choices" (Mitzenmacher, 2001): nearly as level as looking at all of them, at a constant cost.
 */
export class Choice {
  readonly #pairs: PairTable;
  readonly #options: ResolvedAdaptiveOptions['pick'];
  readonly #useHalfLifeMs: number;
  readonly #slots: Int32Array;
  readonly #rows: Int32Array;
  readonly #chances: Float64Array;
  readonly #isProven: Uint8Array;
  /** Recent uses, as of now. */
  readonly #uses: Float64Array;
  #count = 0;
  #best = 0;
  #bestIdle = 0;
  #soonestPacedMs = Number.POSITIVE_INFINITY;
  #isExploring = false;
  #cost = 0;
  #mostUses = 0;
  #nextCost = 0;
  #kept = 0;
  #chosen = 0;

  constructor(pairs: PairTable, options: ResolvedAdaptiveOptions['pick']) {
    this.#pairs = pairs;
    this.#options = options;
    this.#useHalfLifeMs = options.useHalfLifeSecs * 1000;
    // One more: a session that was just made is looked at beside those drawn.
    const most = options.candidates + options.makeshiftCandidates + 1;
    this.#slots = new Int32Array(most);
    this.#rows = new Int32Array(most);
    this.#chances = new Float64Array(most);
    this.#isProven = new Uint8Array(most);
    this.#uses = new Float64Array(most);
  }

  /** The pace has kept back addresses that answer much sooner than the one chosen. */
  get isMakeshift(): boolean {
    const pair = this.#rows[this.#chosen] as number;
    return pair !== -1 && this.#pairs.latencyMs.get(pair) > MUCH_SLOWER * this.#soonestPacedMs;
  }

  /** An address may not be used for no other reason than the pace. */
  notePaced(pair: number): void {
    const latencyMs = this.#pairs.latencyMs.get(pair);
    if (latencyMs > 0 && latencyMs < this.#soonestPacedMs) this.#soonestPacedMs = latencyMs;
  }

  get count(): number {
    return this.#count;
  }

  /** `isExploring` where those of which nothing is known are to have their turn, too. */
  clear(isExploring: boolean): void {
    this.#count = 0;
    this.#best = 0;
    this.#bestIdle = 0;
    this.#soonestPacedMs = Number.POSITIVE_INFINITY;
    this.#isExploring = isExploring;
  }

  /** `pair` is -1 for an address that is new to the origin. */
  add(slot: number, pair: number, now: number, belief: Belief): void {
    const { chance, isProven } = belief;
    const index = this.#count++;
    this.#slots[index] = slot;
    this.#rows[index] = pair;
    this.#chances[index] = chance;
    this.#isProven[index] = isProven ? 1 : 0;
    if (chance > this.#best) this.#best = chance;
    if (pair === -1) return;
    const pairs = this.#pairs;
    const uses = pairs.uses.get(pair) * decayed(now - pairs.usedAt.get(pair), this.#useHalfLifeMs);
    this.#uses[index] = uses;
    if (this.#isExploring || !isProven || chance <= this.#bestIdle) return;
    if (pairs.inFlight.get(pair) === 0 && uses < this.#options.enoughUses) this.#bestIdle = chance;
  }

  /** The slot of the least cost; there is at least one. */
  decide(origin: Origin, now: number): number {
    // Unknown ones are tried out where those that are known have enough to do.
    const isNeeded = this.#isExploring || this.#bestIdle < TRUSTED;
    const least = (isNeeded ? this.#best : this.#bestIdle) * this.#options.keepAbove;
    this.#cost = Number.POSITIVE_INFINITY;
    this.#nextCost = Number.POSITIVE_INFINITY;
    this.#kept = 0;
    this.#mostUses = origin.lane.mostUses(this.#useHalfLifeMs);
    for (let index = 0; index < this.#count; index++) {
      const chance = this.#chances[index] as number;
      if (chance < least || (!isNeeded && this.#isProven[index] === 0)) continue;
      this.#kept++;
      const cost = this.#costOf(index, origin, now);
      if (cost < this.#cost) {
        this.#nextCost = this.#cost;
        this.#cost = cost;
        this.#chosen = index;
      } else if (cost < this.#nextCost) {
        this.#nextCost = cost;
      }
    }
    return this.#slots[this.#chosen] as number;
  }

  /** Why it was the last one chosen. */
  reason(): PickReason {
    return {
      candidates: this.#count,
      kept: this.#kept,
      drawn: this.#chances[this.#chosen] as number,
      cost: this.#cost,
      nextCost: Number.isFinite(this.#nextCost) ? this.#nextCost : null,
    };
  }

  #costOf(index: number, origin: Origin, now: number): number {
    const odds = Math.max(LOWEST_CHANCE, this.#chances[index] as number);
    const pair = this.#rows[index] as number;
    if (pair === -1) return FIRST_USE / odds;
    const pairs = this.#pairs;
    const uses = this.#uses[index] as number;
    const inFlight = pairs.inFlight.get(pair);
    const load = uses + this.#options.inFlightWeight * inFlight;
    const role = pairs.role.get(pair);
    const isOverrun =
      origin.pacing.isOverrun(role, inFlight) ||
      origin.lane.isSpent(pair, now) ||
      uses > this.#mostUses;
    if (isOverrun) return (OVERRUN * load) / odds;
    const weight = this.#weightOf(pairs.latencyMs.get(pair), origin);
    // Where a limit was met, nobody else needs to look for it.
    const tempo = this.#mostUses < Number.POSITIVE_INFINITY ? 1 : origin.pacing.tempo(role);
    return ((load * weight) / tempo + FIRST_USE) / odds;
  }

  /**
   * A use of a slow address weighs more, as it takes a slot for longer; where a learnt pace keeps the fast ones from being
   * overrun, much more. Latencies scatter: what is nearly alike counts as alike, so that use stays level.
   */
  #weightOf(latencyMs: number, { medianLatencyMs, pacing }: Origin): number {
    if (latencyMs === 0 || medianLatencyMs === 0) return 1;
    const { latencyTolerance, latencyPower, pacedLatencyPower } = this.#options;
    const ratio = latencyMs / medianLatencyMs;
    const power = Number.isFinite(pacing.rate) ? pacedLatencyPower : latencyPower;
    if (ratio > latencyTolerance) return (ratio / latencyTolerance) ** power;
    return ratio * latencyTolerance < 1 ? (ratio * latencyTolerance) ** power : 1;
  }
}
