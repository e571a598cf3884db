import type { Excuse, Outcome, RetiredReason } from '../outcome.ts';
import type { SlotTable } from '../slot-table.ts';
import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';
import { decayed } from './decay.ts';
import type { Origin } from './origin.ts';
import type { PairTable } from './pair-table.ts';
import type { Penalty } from './penalties.ts';
import type { Poison } from './poison.ts';
import type { Prediction } from './prediction.ts';
import type { ProxyBook } from './proxy-book.ts';
import { Quarantine, type Suspect } from './quarantine.ts';
import type { Use } from './use.ts';

/** What is done to sessions in the end. */
export interface Sentences {
  /** It is guilty. */
  retire(slot: number, reason: RetiredReason, status: number): void;
  /** It is not, and may be lent again. */
  release(slot: number): void;
  /** So much of its error score was not its fault. */
  forgive(slot: number, errorScore: number): void;
}

/**
 * Settles who pays. A retirement is only a quarantine at first; it becomes final when the origin is beyond suspicion by
 * an answer to what was sent later. When it turns out to be down, everything charged since is refunded, once and never
 * more than was charged. So it is with a URL that is blocked on everybody.
 */
export class Court {
  readonly #table: SlotTable;
  readonly #pairs: PairTable;
  readonly #proxies: ProxyBook;
  readonly #prediction: Prediction;
  readonly #poison: Poison;
  readonly #sentences: Sentences;
  readonly #options: ResolvedAdaptiveOptions;
  readonly #quarantine: Quarantine;
  /** Whose account is being settled, and what was found. */
  #use: Use | undefined;
  #excuse: Excuse = 'none';
  /** Living sessions of the pool that other workers have, or nobody. */
  #elsewhereCount = 0;

  constructor(
    parts: {
      table: SlotTable;
      pairs: PairTable;
      proxies: ProxyBook;
      prediction: Prediction;
      poison: Poison;
      sentences: Sentences;
    },
    options: ResolvedAdaptiveOptions,
  ) {
    this.#table = parts.table;
    this.#pairs = parts.pairs;
    this.#proxies = parts.proxies;
    this.#prediction = parts.prediction;
    this.#poison = parts.poison;
    this.#sentences = parts.sentences;
    this.#options = options;
    this.#quarantine = new Quarantine(options.breaker.quarantineSecs);
  }

  get quarantinedCount(): number {
    return this.#quarantine.size;
  }

  get nextChangeAt(): number {
    return this.#quarantine.firstEndsAt;
  }

  /** Wall clock, ms, `null` for a session that is not in quarantine. */
  quarantinedUntil(slot: number): number | null {
    const suspect = this.#quarantine.of(slot);
    return suspect ? this.#quarantine.endsAt(suspect) : null;
  }

  convene(use: Use, excuse: Excuse): void {
    this.#use = use;
    this.#excuse = excuse;
  }

  holds(slot: number, reason: RetiredReason, status: number, now: number): boolean {
    const use = this.#use;
    if (use?.slot !== slot || reason === 'proxy') return false;
    const { origin, url, predicted, generation } = use;
    const suspect: Suspect = {
      slot,
      generation,
      reason,
      status,
      since: now,
      // Answers that were on their way may hide for a moment that nobody is let in any more.
      isOriginSuspected: origin.breaker.isWatching,
      waitsIn: origin.held,
      isUrlSuspected:
        reason === 'blocked' && url !== undefined && this.#poison.isHealthy(predicted),
    };
    if (!suspect.isOriginSuspected && !suspect.isUrlSuspected) return false;
    this.#quarantine.add(suspect);
    if (suspect.isOriginSuspected) origin.held.add(suspect);
    if (suspect.isUrlSuspected) this.#poison.hold(url as string, suspect);
    return true;
  }

  /** The account is settled: what follows for this session and for those who waited for the verdict. */
  close(use: Use, outcome: Outcome | null, errorScore: number, now: number): void {
    const { origin, url } = use;
    const excuse = this.#excuse;
    this.#use = undefined;
    this.#excuse = 'none';
    if (!outcome || outcome.kind === 'neutral') return;
    this.#charge(use, errorScore, now);
    if (url !== undefined && excuse === 'url') this.#acquit(this.#poison.takeHeld(url));
    if (url !== undefined && outcome.kind === 'ok') this.dismissUrl(this.#poison.clear(url));
    if (origin.breaker.state === 'open') this.#refund(origin, now);
    else if (outcome.kind === 'ok' && origin.breaker.score === 0) {
      this.#makePeace(origin, use.openedAt);
    }
    this.endQuarantines(now);
  }

  /** Those that have waited for a verdict too long are found guilty. */
  endQuarantines(now: number): void {
    while (this.#quarantine.firstEndsAt <= now) this.convictOldest();
  }

  /** Others have found the origin to be down. */
  noteDown(origin: Origin, now: number): void {
    this.#refund(origin, now);
  }

  /** The URL is found to be blocked on the sessions of others as well. */
  blameUrl(url: string): void {
    this.#acquit(this.#poison.takeHeld(url));
  }

  /** Makes room where there is no session left. Says whether there was one to retire. */
  convictOldest(): boolean {
    const suspect = this.#quarantine.oldest;
    if (!suspect) return false;
    this.#convict(suspect);
    return true;
  }

  noteElsewhere(sessionsCount: number): void {
    this.#elsewhereCount = Math.max(0, sessionsCount);
  }

  /** Where all of so many living sessions are in quarantine, and nobody else has one, the first makes room. Says whether it did. */
  convictIfAlone(aliveCount: number): boolean {
    const { size } = this.#quarantine;
    return size > 0 && size >= aliveCount + this.#elsewhereCount && this.convictOldest();
  }

  /** The URL is not to blame. */
  dismissUrl(held: Iterable<Suspect>): void {
    for (const suspect of held) {
      suspect.isUrlSuspected = false;
      this.#convictIfGuilty(suspect);
    }
  }

  leave(slot: number): void {
    this.#quarantine.leave(slot);
  }

  #charge(use: Use, errorScore: number, now: number): void {
    const { moves, origin } = use;
    if (!moves || origin.breaker.score === 0 || origin.breaker.state === 'open') return;
    const pairBad = moves.pairBad;
    const proxyBad = moves.kind === 'timeout' ? moves.proxyBad : 0;
    if (errorScore + pairBad + proxyBad === 0) return;
    origin.penalties.note({
      at: now,
      slot: use.slot,
      generation: use.generation,
      errorScore,
      pair: use.pair,
      proxy: use.proxy,
      proxySerial: this.#proxies.serialOf(use.proxy),
      pairBad,
      proxyBad,
    });
  }

  /** What was sent before a suspect was blocked tells nothing about how the origin is since. */
  #makePeace(origin: Origin, sentAt: number): void {
    origin.notePeace();
    for (const suspect of origin.held) {
      if (suspect.since > sentAt) return;
      origin.held.delete(suspect);
      suspect.isOriginSuspected = false;
      this.#convictIfGuilty(suspect);
    }
  }

  #refund(origin: Origin, now: number): void {
    if (origin.penalties.size + origin.held.size === 0) return;
    for (const penalty of origin.penalties.take()) this.#refundOne(penalty, origin, now);
    const held = [...origin.held];
    origin.held.clear();
    origin.forgetSincePeace();
    this.#acquit(held);
  }

  #refundOne(penalty: Penalty, origin: Origin, now: number): void {
    const { slot, generation, errorScore, pair, proxy, pairBad, proxyBad } = penalty;
    const { pairHalfLifeSecs, proxyHalfLifeSecs } = this.#options.evidence;
    if (errorScore > 0 && this.#table.generationOf(slot) === generation) {
      this.#sentences.forgive(slot, errorScore);
    }
    const isSameProxy = this.#proxies.serialOf(proxy) === penalty.proxySerial;
    if (isSameProxy && proxyBad > 0) {
      const left = decayed(now - penalty.at, proxyHalfLifeSecs * 1000);
      this.#prediction.learnProxy(proxy, 0, -proxyBad * left, now);
      this.#proxies.restsUntil.set(proxy, 0);
      this.#proxies.failuresInRow.set(proxy, 0);
    }
    const isSamePair =
      this.#pairs.originSerialOf(pair) === origin.serial &&
      this.#pairs.proxySerialOf(pair) === penalty.proxySerial;
    if (!isSamePair || pairBad === 0) return;
    const left = decayed(now - penalty.at, pairHalfLifeSecs * 1000);
    // It rests on: where many addresses are banned at once, the origin only seems to be down.
    this.#prediction.learnPair(pair, 0, -pairBad * left, now);
  }

  #acquit(held: Iterable<Suspect>): void {
    for (const suspect of held) {
      if (this.#quarantine.remove(suspect)) this.#sentences.release(suspect.slot);
    }
  }

  #convictIfGuilty(suspect: Suspect): void {
    if (!suspect.isOriginSuspected && !suspect.isUrlSuspected) this.#convict(suspect);
  }

  #convict(suspect: Suspect): void {
    suspect.waitsIn.delete(suspect);
    if (!this.#quarantine.remove(suspect)) return;
    this.#sentences.retire(suspect.slot, suspect.reason, suspect.status);
  }
}
