import type { Random } from '../../core/random.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import type { BannedPairs } from './bans.ts';
import { BlockTrial } from './block-trial.ts';
import { Breaker, type BreakerEvent } from './breaker.ts';
import { Cooldown } from './cooldown.ts';
import { FastLane } from './fast-lane.ts';
import { Pacing } from './pacing.ts';
import { Penalties } from './penalties.ts';
import type { Suspect } from './quarantine.ts';
import { Strikes } from './strikes.ts';

/** Each sample moves the median by so much of itself. */
const MEDIAN_STEP = 0.05;
/** At first the steps are larger, as the fastest answer first. */
const FIRST_STEP = 5;
const LARGEST_STEP = 0.3;
/** An address that is used more often counts less for each use. */
const FEW_USES = 1;
/** Of newcomers the last so many count, about. */
const MAX_NEWCOMERS = 200;

/** What is known of one origin, over all addresses. */
export class Origin {
  readonly key: string;
  /** Never given to another origin. */
  readonly serial: number;
  /** The list of its pairs that are due; given to another origin when this one is forgotten. */
  readonly dueChain: number;
  readonly pacing: Pacing;
  readonly trial: BlockTrial;
  readonly lane: FastLane;
  readonly cooldown: Cooldown;
  readonly strikes: Strikes = new Strikes();
  readonly breaker: Breaker;
  readonly penalties: Penalties = new Penalties();
  /** In quarantine while the origin is under suspicion. */
  readonly held: Set<Suspect> = new Set();
  readonly banned: BannedPairs = new Map();
  inFlight = 0;
  /** Results since it is known, weighed by how much they tell of it. */
  goodCount = 0;
  badCount = 0;
  readonly #step: number;
  #mean: number;
  #meanAtPeace: number;
  #medianLatencyMs = 0;
  #usualLatencyMs = 0;
  #latenciesCount = 0;
  #newcomersGood: number;
  #newcomersBad: number;

  constructor(
    name: { readonly key: string; readonly serial: number; readonly dueChain: number },
    options: ResolvedAdaptiveOptions,
    random: Random,
    onChange: (origin: string, event: BreakerEvent) => void,
  ) {
    this.key = name.key;
    this.serial = name.serial;
    this.dueChain = name.dueChain;
    this.pacing = new Pacing(options.pacing, options.search);
    this.lane = new FastLane(options.lane);
    this.trial = new BlockTrial(options.trial);
    this.cooldown = new Cooldown(options.cooldown, random);
    this.breaker = new Breaker(options.breaker, (event) => onChange(name.key, event));
    this.#step = options.evidence.originStep;
    this.#mean = options.evidence.originPrior;
    this.#meanAtPeace = this.#mean;
    const { originPrior, pairPriorUses } = options.evidence;
    this.#newcomersGood = originPrior * pairPriorUses;
    this.#newcomersBad = (1 - originPrior) * pairPriorUses;
  }

  /** Share of uses that succeed, as a moving average. */
  get mean(): number {
    return this.#mean;
  }

  /** 0 while none is known. */
  get medianLatencyMs(): number {
    return this.#medianLatencyMs;
  }

  /** The same with all addresses alike, however often they are used. */
  get usualLatencyMs(): number {
    return this.#usualLatencyMs;
  }

  /** The odds that it fails rather than works. */
  get odds(): number {
    return (1 - this.#mean) / Math.max(0.001, this.#mean);
  }

  /** May not be forgotten. */
  get isBusy(): boolean {
    const { state } = this.breaker;
    const isWatched = state === 'open' || state === 'ramping';
    return isWatched || this.inFlight > 0 || this.held.size > 0;
  }

  /** What is believed of an address that is new here: how its like fared when they were. */
  get newcomerMean(): number {
    return this.#newcomersGood / (this.#newcomersGood + this.#newcomersBad);
  }

  /** The first verdict on an address. */
  learnNewcomer(good: number, bad: number): void {
    this.#newcomersGood += good;
    this.#newcomersBad += bad;
    const excess = (this.#newcomersGood + this.#newcomersBad) / MAX_NEWCOMERS;
    if (excess <= 1) return;
    this.#newcomersGood /= excess;
    this.#newcomersBad /= excess;
  }

  learn(good: number, bad: number): void {
    this.goodCount += good;
    this.badCount += bad;
    this.#mean += this.#step * (good * (1 - this.#mean) - bad * this.#mean);
  }

  /** What other workers have seen. */
  learnFromOthers(good: number, bad: number): void {
    const count = good + bad;
    if (count === 0) return;
    this.#mean += (1 - (1 - this.#step) ** count) * (good / count - this.#mean);
  }

  /** A median that follows along: up a little for each value above it, down for each below. */
  learnLatency(latencyMs: number, recentUses = 1): void {
    this.#medianLatencyMs = followed(this.#medianLatencyMs, latencyMs, MEDIAN_STEP);
    const first = Math.max(MEDIAN_STEP, FIRST_STEP / ++this.#latenciesCount);
    const step = Math.min(LARGEST_STEP, first * Math.min(1, FEW_USES / recentUses));
    this.#usualLatencyMs = followed(this.#usualLatencyMs, latencyMs, step);
  }

  /** It is beyond suspicion: what was charged until now stands. */
  notePeace(): void {
    this.#meanAtPeace = this.#mean;
    this.penalties.clear();
  }

  /** It has been down since it was last beyond suspicion: that tells nothing about how often it lets addresses in. */
  forgetSincePeace(): void {
    this.#mean = this.#meanAtPeace;
  }
}

function followed(median: number, value: number, step: number): number {
  if (median === 0) return value;
  return median * (value > median ? 1 + step : 1 - step);
}
