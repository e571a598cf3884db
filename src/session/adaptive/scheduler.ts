import type { Random } from '../../core/random.ts';
import { randomInteger } from '../../core/random.ts';
import type { Excuse, Outcome, RetiredReason } from '../outcome.ts';
import type { ReadySet } from '../selection.ts';
import type { SlotTable } from '../slot-table.ts';
import {
  type AdaptiveSessionExplanation,
  type AdaptiveWait,
  explainOriginState,
  explainUse,
  explainWait,
  type OriginExplanation,
} from './adaptive-explanation.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { BetaSampler } from './beta-sampler.ts';
import type { BreakerEvent } from './breaker.ts';
import { Choice } from './choice.ts';
import { Court, type Sentences } from './court.ts';
import { decayed } from './decay.ts';
import { Draw } from './draw.ts';
import { DuePairs } from './due-pairs.ts';
import { FleetEvidence } from './fleet-evidence.ts';
import { Judge } from './judge.ts';
import type { Origin } from './origin.ts';
import { OriginBook } from './origin-book.ts';
import type { Pacing } from './pacing.ts';
import { PairFinder } from './pair-finder.ts';
import { PairTable } from './pair-table.ts';
import { Poison } from './poison.ts';
import { Prediction } from './prediction.ts';
import { ProxyBook } from './proxy-book.ts';
import { ReadySlots } from './ready-slots.ts';
import { Refusals } from './refusals.ts';
import { extendSpan } from './spans.ts';
import { BY_NAME, type Use } from './use.ts';
import { UseLog } from './use-log.ts';

/** A pick draws so many times as often as it needs candidates, before it looks for those that are due. */
const DRAWS_PER_CANDIDATE = 2;

/**
 * Which session goes out for which origin, and when: the ready ones, less those whose address is paced, rests or is
 * on probation at the origin in question. A pick looks at a few sessions, however many there are.
 */
export class Scheduler implements ReadySet {
  readonly growth = 'eager';
  readonly #options: ResolvedAdaptiveOptions;
  readonly #table: SlotTable;
  readonly #random: Random;
  readonly #now: () => number;
  readonly #ready = new ReadySlots();
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #finder: PairFinder;
  readonly #draw: Draw;
  readonly #due: DuePairs;
  readonly #origins: OriginBook;
  readonly #prediction: Prediction;
  readonly #choice: Choice;
  readonly #refusals: Refusals;
  readonly #court: Court;
  readonly #judge: Judge;
  readonly #log: UseLog;
  /** For a pool that is shared by several workers. */
  readonly fleet: FleetEvidence;
  readonly #useHalfLifeMs: number;
  /** One for all, as there are a dozen in each pick. */
  readonly #belief = { chance: 0, isProven: false };
  #inFlight = 0;
  /** The last choice, until its lease is opened. */
  #chosen = -1;
  /** The fastest address that could have been given more, had it had a session that was ready. */
  #wanted = -1;
  #retryAt = Number.POSITIVE_INFINITY;

  constructor(
    parts: {
      table: SlotTable;
      random: Random;
      now: () => number;
      sentences: Sentences;
      /** An origin was found to be down, or to answer again. */
      onOriginChange?: (origin: string, event: BreakerEvent) => void;
    },
    options: ResolvedAdaptiveOptions,
  ) {
    this.#options = options;
    this.#table = parts.table;
    this.#random = parts.random;
    this.#now = parts.now;
    this.#pairs = new PairTable(options.memory.pairs, (pair) => {
      this.#due.remove(pair);
      this.#finder.forget(pair);
      this.fleet.rests.forget(pair);
    });
    this.#proxies = new ProxyBook(options.memory.proxies);
    this.#finder = new PairFinder(this.#pairs, this.#proxies);
    this.#draw = new Draw(
      {
        random: parts.random,
        ready: this.#ready,
        finder: this.#finder,
        proxies: this.#proxies,
        pairs: this.#pairs,
      },
      Math.max(options.pick.candidates, options.pick.makeshiftCandidates),
    );
    this.#due = new DuePairs(this.#pairs);
    this.#origins = new OriginBook(options, parts.random, parts.onOriginChange);
    this.#prediction = new Prediction(
      {
        pairs: this.#pairs,
        proxies: this.#proxies,
        sampler: new BetaSampler(parts.random),
      },
      options.evidence,
    );
    this.#choice = new Choice(this.#pairs, options.pick);
    const poison = new Poison(options.poison, options.memory.urls, (held) =>
      this.#court.dismissUrl(held),
    );
    this.#court = new Court(
      {
        table: parts.table,
        pairs: this.#pairs,
        proxies: this.#proxies,
        prediction: this.#prediction,
        poison,
        sentences: parts.sentences,
      },
      options,
    );
    this.#judge = new Judge(
      {
        pairs: this.#pairs,
        proxies: this.#proxies,
        due: this.#due,
        prediction: this.#prediction,
        poison,
      },
      options,
    );
    this.fleet = new FleetEvidence(
      {
        ...parts,
        pairs: this.#pairs,
        proxies: this.#proxies,
        finder: this.#finder,
        origins: this.#origins,
        rests: this.#judge.rests,
        court: this.#court,
        poison,
      },
      options.breaker,
    );
    this.#refusals = new Refusals({
      pairs: this.#pairs,
      proxies: this.#proxies,
      others: this.fleet.proxies,
      choice: this.#choice,
    });
    this.#log = new UseLog(options.memory.records);
    this.#useHalfLifeMs = options.pick.useHalfLifeSecs * 1000;
  }

  get size(): number {
    return this.#ready.size;
  }

  get court(): Court {
    return this.#court;
  }

  /** After a pick in vain: when the next one may succeed by time alone; `Infinity` when a lease must come back first. */
  get retryAt(): number {
    return this.#retryAt;
  }

  /** URL of the proxy that the last pick would rather have taken a session of, had one been ready. */
  get wantedProxy(): string | undefined {
    return this.#wanted === -1 ? undefined : this.#proxies.urlOf(this.#wanted);
  }

  /** When a pair falls due or a quarantine ends, for whoever waits. */
  get nextChangeAt(): number {
    return Math.min(this.#due.nextDueAt, this.#court.nextChangeAt);
  }

  /** Leases that are open. */
  get inFlight(): number {
    return this.#inFlight;
  }

  has(slot: number): boolean {
    return this.#ready.has(slot);
  }

  add(slot: number): void {
    if (this.#proxies.of(slot) === -1)
      this.#proxies.enter(slot, this.#table.proxies.get(slot)?.url);
    const proxy = this.#proxies.of(slot);
    this.#ready.add(slot, proxy);
    this.#proxies.noteReady(slot);
  }

  remove(slot: number): void {
    this.#ready.remove(slot);
    this.#proxies.noteTaken(slot);
  }

  /** What is over by time alone. */
  catchUp(now: number): void {
    this.#due.catchUp(now);
    this.#court.endQuarantines(now);
  }

  /** Those who wait for the same origin stand in one line, and hold up no other. */
  lineOf(url: string | undefined): string {
    return this.#origins.of(url).key;
  }

  pick(url: string | undefined): number {
    return this.pickBeside(-1, url);
  }

  /** As `pick`, with one session that is looked at in any case, such as one that was just made. */
  pickBeside(slot: number, url: string | undefined): number {
    const now = this.#now();
    const origin = this.#origins.of(url);
    this.#chosen = -1;
    this.#wanted = -1;
    this.#refusals.clear();
    this.#retryAt = Number.POSITIVE_INFINITY;
    this.#due.catchUp(now);
    const refusedUntil = origin.breaker.refusesUntil(now, origin.inFlight);
    if (refusedUntil > 0) {
      this.#retryAt = refusedUntil;
      return -1;
    }
    const isExploring = this.#isExploring(origin);
    this.#choice.clear(isExploring);
    this.#prediction.suppose(origin.newcomerMean, now);
    if (this.#takesFast(slot, origin, isExploring)) {
      this.#chosen = this.#pickFast(origin, now);
      if (this.#chosen !== -1) return this.#chosen;
    }
    if (slot !== -1 && this.#ready.has(slot)) {
      const proxy = this.#proxies.of(slot);
      this.#consider(slot, proxy, this.#finder.find(proxy, origin), now);
    }
    this.#drawFromReady(this.#options.pick.candidates, origin, now);
    if (this.#choice.count < this.#options.pick.candidates) this.#takeFromDue(origin, now);
    if (this.#choice.count === 0) {
      if (this.#refusals.isPaced) origin.pacing.noteBound(now, this.#retryAt);
      this.#retryAt = Math.min(this.#retryAt, this.fleet.noteInVain(origin, this.#refusals, now));
      return -1;
    }
    this.#chosen = this.#choice.decide(origin, now);
    if (this.#choice.isMakeshift) this.#lookFurther(origin, now);
    return this.#chosen;
  }

  /** For a session asked for by name: 0 when it may go out now, else when to ask again. */
  refusesUntil(slot: number, url: string | undefined): number {
    const now = this.#now();
    const origin = this.#origins.of(url);
    const refusedUntil = origin.breaker.refusesUntil(now, origin.inFlight);
    if (refusedUntil > 0) return refusedUntil;
    const proxy = this.#proxies.of(slot);
    return this.#refusals.until(proxy, this.#finder.find(proxy, origin), now);
  }

  /** A lease begins. */
  open(slot: number, url: string | undefined, now: number): Use {
    const origin = this.#origins.of(url);
    const proxy = this.#proxies.of(slot);
    const pair = this.#finder.enter(proxy, origin, now);
    const predicted = this.#prediction.mean(pair, proxy, origin.newcomerMean, now);
    const pairs = this.#pairs;
    const left = decayed(now - pairs.usedAt.get(pair), this.#useHalfLifeMs);
    pairs.uses.set(pair, pairs.uses.get(pair) * left + 1);
    pairs.usedAt.set(pair, now);
    pairs.inFlight.set(pair, pairs.inFlight.get(pair) + 1);
    origin.inFlight++;
    this.#inFlight++;
    this.#proxies.inFlight.set(proxy, this.#proxies.inFlight.get(proxy) + 1);
    const { pacing } = origin;
    pairs.activeWindow.set(pair, pacing.noteAttempt(now, pairs.activeWindow.get(pair)));
    origin.lane.noteUse(pair, pacing.observed(now), now);
    const span = extendSpan(pairs, pair, pacing, now);
    const network = this.#proxies.networkOf(proxy);
    const isKnown = this.#proxies.isProven.get(proxy) === 1;
    const networkSpan = isKnown
      ? pacing.networkSpans.extend(network, { pairs, pair, own: span }, pacing, now)
      : { ...span, addressesCount: 1 };
    this.#pace(pair, pacing, now);
    const use: Use = {
      slot,
      generation: this.#table.generationOf(slot),
      pair,
      proxy,
      origin,
      url,
      openedAt: now,
      span,
      networkSpan,
      predicted,
      isProbe: origin.breaker.noteAttempt(now),
      isRetry: this.#judge.isRetry(proxy),
      reason: slot === this.#chosen ? this.#choice.reason() : BY_NAME,
      moves: undefined,
    };
    this.#chosen = -1;
    this.#log.add(use);
    return use;
  }

  /** What a lease came to, before the session's own account is settled. Says whether the session is excused. */
  judge(use: Use, outcome: Outcome | null, now: number): Excuse {
    use.origin.inFlight--;
    this.#inFlight--;
    this.#pairs.inFlight.set(use.pair, this.#pairs.inFlight.get(use.pair) - 1);
    this.#proxies.inFlight.set(use.proxy, this.#proxies.inFlight.get(use.proxy) - 1);
    if (outcome?.kind !== 'proxy' && outcome?.kind !== 'timeout') {
      this.#proxies.prove(use.proxy, this.#options.cooldown.strangerFactor);
    }
    if (!outcome || outcome.kind === 'neutral') return 'none';
    const excuse = this.#judge.judge(use, outcome, now);
    this.fleet.noteUse(use, outcome, now);
    this.#court.convene(use, excuse);
    return excuse;
  }

  /** The session's account has been settled, with so much added to its error score. */
  settle(use: Use, outcome: Outcome | null, errorScore: number, now: number): void {
    this.#court.close(use, outcome, errorScore, now);
  }

  /** Whether a session that would retire is set aside for now. */
  holds(slot: number, reason: RetiredReason, status: number): boolean {
    return this.#court.holds(slot, reason, status, this.#now());
  }

  /** What is known of a session, alive or lately retired. `generation` tells it from others that had its slot. */
  explain(slot: number, generation: number): AdaptiveSessionExplanation {
    const uses = this.#log.of(slot, generation);
    const isAlive = this.#table.generationOf(slot) === generation;
    const last = uses.at(-1);
    return {
      uses: uses.map(explainUse),
      waits: isAlive && last ? this.#waitOf(last, this.#now()) : null,
    };
  }

  /** `null` when nothing is known of the origin, or nothing any more. */
  explainOrigin(url: string): OriginExplanation | null {
    const origin = this.#origins.find(URL.canParse(url) ? new URL(url).origin : url);
    return origin ? explainOriginState(origin, this.#now()) : null;
  }

  leave(slot: number): void {
    this.#court.leave(slot);
    this.#proxies.leave(slot);
  }

  /** Newcomers are tried out as a matter of course only where most have been of use. */
  #isExploring(origin: Origin): boolean {
    const { exploreShare, exploreAbove } = this.#options.pick;
    if (origin.newcomerMean * this.#prediction.newcomerMean >= exploreAbove) return true;
    return this.#random.next() < exploreShare;
  }

  /** Mostly, unless a newcomer has its turn. */
  #takesFast(slot: number, { lane, serial }: Origin, isExploring: boolean): boolean {
    if (lane.addresses.length === 0) return false;
    const isNew = slot !== -1 && this.#proxies.lastOrigin.get(this.#proxies.of(slot)) !== serial;
    if (isNew && isExploring) return false;
    return this.#random.next() >= this.#options.pick.exploreShare;
  }

  /** The fastest address that may be given more; -1 when none may. */
  #pickFast(origin: Origin, now: number): number {
    const { lane, pacing, serial } = origin;
    const isPaced = Number.isFinite(pacing.rate) && (!pacing.goesByBlocks || pacing.isFound);
    const pairs = this.#pairs;
    for (const address of lane.addresses) {
      const { pair, proxy } = address;
      if (!isPaced && address.spentUntil > now) continue;
      if (
        pairs.originSerialOf(pair) !== serial ||
        pairs.proxySerialOf(pair) !== address.proxySerial
      ) {
        lane.leave(address);
        return -1;
      }
      const slot = this.#proxies.readySlotOf(proxy);
      if (slot === -1) {
        const isWanted = this.#wanted === -1 && !this.#proxies.isDirect(proxy);
        if (isWanted && this.#refusals.until(proxy, pair, now) === 0) this.#wanted = proxy;
        continue;
      }
      this.#consider(slot, proxy, pair, now);
      if (this.#choice.count === 0) continue;
      return this.#choice.decide(origin, now);
    }
    return -1;
  }

  /** Looks at ready sessions until there are so many candidates. */
  #drawFromReady(candidates: number, origin: Origin, now: number): void {
    const { size } = this.#ready;
    const draws = candidates * DRAWS_PER_CANDIDATE;
    // So few can all be looked at, from anywhere on, so that none is left out for ever.
    const isAll = size <= draws;
    const from = isAll && size > candidates ? randomInteger(this.#random, size) : 0;
    const most = isAll ? size : draws;
    for (let drawn = 0; drawn < most && this.#choice.count < candidates; ) {
      const count = Math.min(most - drawn, candidates - this.#choice.count);
      if (isAll) this.#draw.inRow(from + drawn, count, origin);
      else this.#draw.any(count, origin);
      drawn += count;
      for (let n = 0; n < count; n++) {
        this.#consider(this.#draw.slotAt(n), this.#draw.proxyAt(n), this.#draw.pairAt(n), now);
      }
    }
  }

  /** The pace keeps back what one would rather have: others like it may be free, and a higher pace would be of use. */
  #lookFurther(origin: Origin, now: number): void {
    origin.pacing.noteBound(now, now);
    const { makeshiftCandidates } = this.#options.pick;
    this.#drawFromReady(this.#choice.count + makeshiftCandidates, origin, now);
    this.#chosen = this.#choice.decide(origin, now);
  }

  /** Where most are paced, chance finds few: those that have fallen due are known, the one that waited longest first. */
  #takeFromDue(origin: Origin, now: number): void {
    const { candidates } = this.#options.pick;
    let pair = this.#due.first(origin.dueChain);
    for (let n = 0; n < candidates * DRAWS_PER_CANDIDATE && pair !== -1; n++) {
      if (this.#choice.count >= candidates) return;
      const next = this.#due.after(pair);
      const proxy = this.#pairs.proxy.get(pair);
      const isKnown =
        this.#pairs.originSerialOf(pair) === origin.serial &&
        this.#pairs.proxySerialOf(pair) === this.#proxies.serialOf(proxy);
      if (isKnown) {
        const slot = this.#proxies.readySlotOf(proxy);
        this.#due.defer(pair);
        if (slot !== -1) this.#consider(slot, proxy, pair, now);
      } else {
        this.#due.remove(pair);
      }
      pair = next;
    }
  }

  #consider(slot: number, proxy: number, pair: number, now: number): void {
    const proxies = this.#proxies;
    const isProven = proxies.isProven.get(proxy) === 1 && !this.#refusals.hasFailed(proxy);
    // Whoever may never answer is asked one thing at a time: a silent proxy would take slot after slot.
    if (!isProven && proxies.inFlight.get(proxy) > 0 && !proxies.isDirect(proxy)) return;
    const refusedUntil = this.#refusals.until(proxy, pair, now);
    if (refusedUntil === 0) {
      this.#prediction.weigh(pair, proxy);
      this.#belief.chance = this.#prediction.draw();
      this.#belief.isProven = isProven;
      this.#choice.add(slot, pair, now, this.#belief);
    } else if (refusedUntil < this.#retryAt) {
      this.#retryAt = refusedUntil;
    }
  }

  /** The next request of the address comes an interval later. */
  #pace(pair: number, pacing: Pacing, now: number): void {
    const pairs = this.#pairs;
    const intervalMs = pacing.intervalMs(pairs.role.get(pair));
    if (intervalMs > 0) {
      const until = Math.max(now, pairs.pacedUntil.get(pair)) + intervalMs;
      pairs.pacedUntil.set(pair, until);
      pairs.dueAt.set(pair, Math.max(pairs.restsUntil.get(pair), until));
    }
    this.#due.update(pair, now);
  }

  #waitOf({ slot, pair, proxy, origin }: Use, now: number): AdaptiveWait | null {
    const quarantinedUntil = this.#court.quarantinedUntil(slot) ?? 0;
    const ends: readonly (readonly [AdaptiveWait['reason'], number])[] = [
      ['quarantine', quarantinedUntil],
      ['proxy', this.#proxies.restsUntil.get(proxy)],
      ['proxy', this.fleet.proxies.refusesUntil(proxy, this.#now())],
      ['rest', this.#pairs.restsUntil.get(pair)],
      ['pace', this.#pairs.pacedUntil.get(pair)],
    ];
    return explainWait(origin.key, ends, now);
  }
}
