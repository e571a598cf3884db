import type { Clock } from '../core/clock.ts';
import type { Log } from '../core/log.ts';
import type { Random } from '../core/random.ts';
import type { ProxyVerdict } from '../proxy/proxy-info.ts';
import type { Outcome, OutcomeKind, RetiredReason } from './outcome.ts';
import type { SessionLimits } from './session-options.ts';
import {
  FLAG_EXHAUSTED,
  FLAG_HELD,
  FLAG_PROVEN,
  FLAG_RETIRED,
  type SlotTable,
} from './slot-table.ts';
import {
  codeOf,
  EVENT_BAD,
  EVENT_GOOD,
  EVENT_LEASED,
  EVENT_RELEASED,
  EVENT_RETIRED,
  type Timeline,
} from './timeline.ts';

export const RETIRED_REASONS: readonly RetiredReason[] = [
  'blocked',
  'error-score',
  'exhausted',
  'expired',
  'manual',
  'proxy',
  'evicted',
  'invalid',
];

/** First rest after a 429 that names no longer one; doubles with each further step. */
export const COOLDOWN_BASE_SECS = 5;
/** Where doubling ends. A longer `Retry-After` is still honoured. */
const COOLDOWN_MAX_SECS = 300;
/** Rests are lengthened by up to this share, so that sessions throttled together do not return together. */
const COOLDOWN_JITTER = 0.25;
/** A session that has served pages survives so many proxy failures in a row, resting in between. */
const PROXY_FAILURES_TOLERATED = 2;
const MAX_REFUSALS_LOGGED = 200;

/** How a session left the hand it was in, without having retired. */
export type Departure = 'returned' | 'lost';

/** What is said of a session that went back to the others' pool: a mark, or why it retires. */
export type LateMark = 'good' | 'bad' | RetiredReason;

/** What is said of a session, or what a lease of it came to, after it has left the hand. */
export type LateReport = LateMark | Outcome;

/** What the ledger tells its owner. A session that is in no pool has an owner that does nothing. */
export interface LedgerOwner {
  /** Its usage cap is reached; it will retire when its open leases are settled. */
  onExhausted(slot: number): void;
  /** Called once, the moment it becomes final; leases may still be open. */
  onRetired(slot: number, reason: RetiredReason): void;
  /** It is in another's hand, or in none, and alive; leases may still be open here. */
  onDeparted?(slot: number, how: Departure): void;
  /**
   * Somebody says something of a session that has departed, or with `null` nothing, though cookies may have changed; `slot`
   * is -1 for what a user says with no lease open.
   */
  onLate?(id: string, slot: number, report: LateReport | null): void;
  /** The last lease of a session that is no longer the pool's was settled: the slot is free. */
  onForgotten(slot: number): void;
  /** Counters changed; cookies or user data when `isCold`. */
  onChanged(slot: number, isCold: boolean): void;
  /** The session rests until `readyAt`. */
  onCooldown(slot: number): void;
  onProxyVerdict(slot: number, verdict: ProxyVerdict): void;
  /** What a use came to calls for its retirement. Says whether it is only set aside, until it is settled who is to blame. */
  onCondemned?(slot: number, reason: RetiredReason, status: number): boolean;
}

const EVENT_OF: Readonly<Record<OutcomeKind, number>> = {
  ok: codeOf('ok'),
  blocked: codeOf('blocked'),
  throttled: codeOf('throttled'),
  proxy: codeOf('proxy'),
  timeout: codeOf('timeout'),
  target: codeOf('target'),
  user: codeOf('user'),
  neutral: codeOf('neutral'),
};
const EVENT_HELD = codeOf('quarantined');
const EVENT_ACQUITTED = codeOf('acquitted');
const EVENT_REFUNDED = codeOf('refunded');

/**
 * Keeps the score of every session: counts uses, applies marks and outcomes, and decides who retires and
 * who rests. Retirement is terminal. The one place where blame turns into numbers.
 */
export class Ledger {
  readonly table: SlotTable;
  readonly timeline: Timeline;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #owner: LedgerOwner;
  readonly #log: Log;
  readonly #userData: Record<string, unknown> | undefined;
  readonly #refusedCookies = new Set<string>();

  constructor(parts: {
    table: SlotTable;
    timeline: Timeline;
    clock: Clock;
    random: Random;
    owner: LedgerOwner;
    log: Log;
    /** What each session's user data begins with. */
    userData: Record<string, unknown> | undefined;
  }) {
    this.table = parts.table;
    this.timeline = parts.timeline;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#owner = parts.owner;
    this.#log = parts.log;
    this.#userData = parts.userData;
  }

  now(): number {
    return this.#clock.now();
  }

  /** A lease begins: the use counts at once, so that no concurrency can exceed the cap. */
  open(slot: number, now: number): void {
    const { table } = this;
    const limits = this.#limits(slot);
    const usage = table.usageCount.get(slot) + 1;
    table.usageCount.set(slot, usage);
    table.inFlight.set(slot, table.inFlight.get(slot) + 1);
    table.unjudged.set(slot, table.unjudged.get(slot) + 1);
    table.lastUsedAt.set(slot, now);
    if (usage >= limits.maxUsageCount) this.#exhaust(slot);
    if (limits.minIntervalSecs > 0) {
      const pauseEnds = now + limits.minIntervalSecs * 1000;
      table.readyAt.set(slot, Math.max(table.readyAt.get(slot), pauseEnds));
    }
    this.timeline.record(slot, EVENT_LEASED, now);
    this.#owner.onChanged(slot, false);
  }

  /**
   * A lease ends. Without an outcome nobody is judged. What the user said on the way wins over the outcome. With
   * `isExcused` the outcome is put on record and not held against the session.
   */
  settle(
    slot: number,
    openedAt: number,
    outcome: Outcome | null,
    now: number,
    isExcused = false,
  ): void {
    const { table } = this;
    const inFlight = table.inFlight.get(slot);
    const unjudged = table.unjudged.get(slot);
    const isJudgedByUser = unjudged < inFlight;
    table.inFlight.set(slot, inFlight - 1);
    if (!isJudgedByUser) table.unjudged.set(slot, unjudged - 1);
    if (!this.isRetired(slot)) {
      if (outcome && isExcused) {
        this.timeline.record(slot, EVENT_OF[outcome.kind], now, outcome.status);
      } else if (outcome && outcome.kind !== 'neutral') {
        this.#apply(slot, openedAt, outcome, now, isJudgedByUser);
      } else {
        this.timeline.record(slot, outcome ? EVENT_OF.neutral : EVENT_RELEASED, now);
      }
    } else {
      if (outcome) this.timeline.record(slot, EVENT_OF[outcome.kind], now, outcome.status);
      this.#reportLate(slot, isJudgedByUser || isExcused ? null : outcome);
    }
    this.#finish(slot);
  }

  markGood(slot: number): void {
    if (this.isRetired(slot)) return;
    this.timeline.record(slot, EVENT_GOOD, this.#clock.now());
    this.#countMark(slot);
    this.#forgive(slot);
    this.#finish(slot);
  }

  markBad(slot: number): void {
    if (this.isRetired(slot)) return;
    this.timeline.record(slot, EVENT_BAD, this.#clock.now());
    this.#countMark(slot);
    this.#punish(slot);
    this.#finish(slot);
  }

  /** Terminal and idempotent: the first reason stays. */
  retire(slot: number, reason: RetiredReason, status = 0): void {
    if (this.isRetired(slot)) return;
    this.#end(slot, reason, status);
    this.#finish(slot);
  }

  /** Its proxy has failed so often in a row, as others have found: it comes to the same as here. */
  noteProxyFailures(slot: number, inRow: number): void {
    const isProven = (this.table.flags.get(slot) & FLAG_PROVEN) !== 0;
    if (!isProven || inRow > PROXY_FAILURES_TOLERATED) this.retire(slot, 'proxy');
  }

  /** Somebody judges a session that has gone elsewhere; `slot` is -1 where it has none here. During a lease it judges that lease's use. */
  markLate(id: string, slot: number, mark: LateMark): void {
    const { inFlight, unjudged } = this.table;
    const isOfLease = slot !== -1 && inFlight.get(slot) > 0;
    const isVerdict = mark === 'good' || mark === 'bad';
    if (isOfLease && isVerdict) unjudged.set(slot, Math.max(0, unjudged.get(slot) - 1));
    this.#owner.onLate?.(id, isOfLease && isVerdict ? slot : -1, mark);
  }

  /** The session lives on elsewhere: what is still reported of it here changes nothing in its slot. */
  depart(slot: number, how: Departure): void {
    if (this.isRetired(slot)) return;
    this.table.flags.set(slot, this.table.flags.get(slot) | FLAG_RETIRED);
    this.timeline.record(slot, codeOf(how), this.#clock.now());
    this.#owner.onDeparted?.(slot, how);
    this.#finish(slot);
  }

  /** A session that was set aside is not to blame. */
  acquit(slot: number): void {
    const { table } = this;
    const flags = table.flags.get(slot);
    if ((flags & (FLAG_HELD | FLAG_RETIRED)) !== FLAG_HELD) return;
    table.flags.set(slot, flags & ~FLAG_HELD);
    this.timeline.record(slot, EVENT_ACQUITTED, this.#clock.now());
  }

  /** Takes back what a session was charged with; never more than there is. */
  refund(slot: number, errorScore: number): void {
    const { table } = this;
    if (this.isRetired(slot)) return;
    table.errorScore.set(slot, Math.max(0, table.errorScore.get(slot) - errorScore));
    this.timeline.record(slot, EVENT_REFUNDED, this.#clock.now());
    this.#owner.onChanged(slot, false);
  }

  /** A session that came in used up, or too faulty for the limits it now has, ends here. */
  review(slot: number): void {
    const { table } = this;
    const limits = this.#limits(slot);
    if (table.usageCount.get(slot) >= limits.maxUsageCount) {
      this.#exhaust(slot);
    } else if (table.errorScore.get(slot) >= limits.maxErrorScore) {
      this.#end(slot, 'error-score');
    }
    this.#finish(slot);
  }

  isRetired(slot: number): boolean {
    return (this.table.flags.get(slot) & FLAG_RETIRED) !== 0;
  }

  /** Cookies or user data changed. */
  noteCold(slot: number): void {
    if (!this.isRetired(slot)) this.#owner.onChanged(slot, true);
    else this.#reportLate(slot, null);
  }

  freshUserData(): Record<string, unknown> {
    return this.#userData ? structuredClone(this.#userData) : {};
  }

  /** Logged once a site and reason, and for a bounded number of them: a hostile server cannot flood the log. */
  noteRefusedCookie(url: string, why: string): void {
    const site = (URL.canParse(url) && new URL(url).host) || 'an invalid URL';
    const key = `${site} ${why}`;
    if (this.#refusedCookies.size >= MAX_REFUSALS_LOGGED || this.#refusedCookies.has(key)) return;
    this.#refusedCookies.add(key);
    this.#log.warning(`A cookie of ${site} was refused: ${why}`);
  }

  /** Of a session that lives on elsewhere. */
  #reportLate(slot: number, report: LateReport | null): void {
    if (this.table.retiredReason.get(slot) !== 0) return;
    this.#owner.onLate?.(this.table.ids[slot] as string, slot, report);
  }

  #apply(
    slot: number,
    openedAt: number,
    outcome: Outcome,
    now: number,
    isJudgedByUser: boolean,
  ): void {
    const { kind, status } = outcome;
    if (kind === 'throttled') {
      this.#coolDown(slot, openedAt, outcome, now);
      return;
    }
    this.timeline.record(slot, EVENT_OF[kind], now, status);
    if (kind === 'proxy') {
      this.#blameProxy(slot, openedAt, outcome, now);
      return;
    }
    this.#owner.onProxyVerdict(slot, kind === 'blocked' || kind === 'timeout' ? kind : 'good');
    if (isJudgedByUser) return;
    if (kind === 'ok') this.#forgive(slot);
    else if (kind === 'blocked') this.#condemn(slot, 'blocked', status);
    else if (kind === 'timeout') this.#punish(slot, 'by outcome');
  }

  #forgive(slot: number): void {
    const { table } = this;
    if (this.#isSpotless(slot)) return;
    const score = table.errorScore.get(slot);
    if (score > 0) {
      table.errorScore.set(slot, Math.max(0, score - this.#limits(slot).errorScoreDecrement));
    }
    table.cooldownStep.set(slot, 0);
    table.proxyFailures.set(slot, 0);
    table.flags.set(slot, table.flags.get(slot) | FLAG_PROVEN);
    this.#owner.onChanged(slot, false);
  }

  /** There is nothing to forgive, as of most sessions most of the time: then nothing is to be written either. */
  #isSpotless(slot: number): boolean {
    const { table } = this;
    return (
      table.errorScore.get(slot) === 0 &&
      table.cooldownStep.get(slot) === 0 &&
      table.proxyFailures.get(slot) === 0 &&
      (table.flags.get(slot) & FLAG_PROVEN) !== 0
    );
  }

  #punish(slot: number, how?: 'by outcome'): void {
    const { table } = this;
    const score = table.errorScore.get(slot) + 1;
    table.errorScore.set(slot, score);
    this.#owner.onChanged(slot, false);
    if (score < this.#limits(slot).maxErrorScore) return;
    if (how === 'by outcome') this.#condemn(slot, 'error-score');
    else this.#end(slot, 'error-score');
  }

  /** What a use came to may be another's fault; what the user says stands at once. */
  #condemn(slot: number, reason: RetiredReason, status = 0): void {
    const flags = this.table.flags.get(slot);
    if ((flags & FLAG_HELD) !== 0) return;
    if (!this.#owner.onCondemned?.(slot, reason, status)) {
      this.#end(slot, reason, status);
      return;
    }
    this.table.flags.set(slot, flags | FLAG_HELD);
    this.timeline.record(slot, EVENT_HELD, this.#clock.now(), status);
  }

  /** A mark during a lease judges that lease's use; a mark outside counts a use of its own. */
  #countMark(slot: number): void {
    const { table } = this;
    const unjudged = table.unjudged.get(slot);
    if (unjudged > 0) {
      table.unjudged.set(slot, unjudged - 1);
      return;
    }
    if (table.inFlight.get(slot) > 0) return;
    const usage = table.usageCount.get(slot) + 1;
    table.usageCount.set(slot, usage);
    table.lastUsedAt.set(slot, this.#clock.now());
    this.#owner.onChanged(slot, false);
    if (usage >= this.#limits(slot).maxUsageCount) this.#exhaust(slot);
  }

  /** No use is left. The session retires when the pages in flight are done: nobody is cut off, nobody is blamed. */
  #exhaust(slot: number): void {
    const flags = this.table.flags.get(slot);
    if ((flags & FLAG_EXHAUSTED) !== 0) return;
    this.table.flags.set(slot, flags | FLAG_EXHAUSTED);
    this.#owner.onExhausted(slot);
  }

  /** Several 429s on requests that were sent before the rest began are one event, and one step. */
  #coolDown(slot: number, openedAt: number, outcome: Outcome, now: number): void {
    const { table } = this;
    const isSameEvent =
      openedAt <= table.cooldownFrom.get(slot) && table.cooldownStep.get(slot) > 0;
    if (!isSameEvent) {
      table.cooldownStep.set(slot, Math.min(30, table.cooldownStep.get(slot) + 1));
      table.cooldownFrom.set(slot, now);
    }
    const secs = this.#rest(slot, now, outcome.retryAfterSecs ?? 0, isSameEvent);
    this.timeline.record(slot, EVENT_OF.throttled, now, outcome.status, secs);
  }

  /** The proxy failed, not the session: an unproven session is given up for a fresh one, a proven one rests and keeps its IP. */
  #blameProxy(slot: number, openedAt: number, outcome: Outcome, now: number): void {
    const { table } = this;
    this.#owner.onProxyVerdict(slot, 'failed');
    const isSameEvent =
      openedAt <= table.cooldownFrom.get(slot) && table.proxyFailures.get(slot) > 0;
    const failures = table.proxyFailures.get(slot) + (isSameEvent ? 0 : 1);
    table.proxyFailures.set(slot, failures);
    const isProven = (table.flags.get(slot) & FLAG_PROVEN) !== 0;
    if (!isProven || failures > PROXY_FAILURES_TOLERATED) {
      this.#end(slot, 'proxy', outcome.status);
      return;
    }
    if (isSameEvent) return;
    table.cooldownStep.set(slot, failures);
    table.cooldownFrom.set(slot, now);
    this.#rest(slot, now, 0, false);
  }

  /** Returns how long the session rests from now, in seconds. */
  #rest(slot: number, now: number, askedSecs: number, isSameEvent: boolean): number {
    const { table } = this;
    const step = table.cooldownStep.get(slot);
    const backoffSecs = Math.min(COOLDOWN_MAX_SECS, COOLDOWN_BASE_SECS * 2 ** (step - 1));
    const jitter = 1 + COOLDOWN_JITTER * this.#random.next();
    const until = isSameEvent
      ? now + askedSecs * 1000
      : now + Math.max(askedSecs, backoffSecs) * jitter * 1000;
    table.readyAt.set(slot, Math.max(table.readyAt.get(slot), until));
    this.#owner.onChanged(slot, false);
    this.#owner.onCooldown(slot);
    return (table.readyAt.get(slot) - now) / 1000;
  }

  #limits(slot: number): SessionLimits {
    return this.table.limits[slot] as SessionLimits;
  }

  #end(slot: number, reason: RetiredReason, status = 0): void {
    const { table } = this;
    const code = RETIRED_REASONS.indexOf(reason);
    table.flags.set(slot, table.flags.get(slot) | FLAG_RETIRED);
    table.retiredReason.set(slot, code + 1);
    this.timeline.record(slot, EVENT_RETIRED, this.#clock.now(), status, code);
    this.#owner.onRetired(slot, reason);
  }

  /** Last step of every change: the owner may give the slot to another session after it. */
  #finish(slot: number): void {
    const { table } = this;
    if (table.inFlight.get(slot) !== 0) return;
    const flags = table.flags.get(slot);
    if ((flags & FLAG_RETIRED) === 0) {
      if ((flags & FLAG_EXHAUSTED) === 0) return;
      this.#end(slot, 'exhausted');
    }
    this.#owner.onForgotten(slot);
  }
}
