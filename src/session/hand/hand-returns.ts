import type { HandNews } from '../../storage/session-hands.ts';
import type { Preparation } from '../preparation.ts';
import type { Roster } from '../roster.ts';
import {
  FLAG_ALIVE,
  FLAG_EXHAUSTED,
  FLAG_HELD,
  FLAG_RETIRED,
  type SlotTable,
} from '../slot-table.ts';
import type { FairShare } from './fair-share.ts';

/** Where others are at work too, a session that nobody has used for so long goes back. */
const IDLE_MS = 10_000;
const LOOK_EACH_MS = 1000;
/** Sessions that go back for being idle, at one time. */
const MOST_IDLE = 200;

/** What the choice goes by. */
export interface HandReturnsOwner {
  /** Leases that wait here for any session. */
  lackingCount(): number;
  /** Whether somebody waits here for this very session. */
  isWaitedFor(id: string): boolean;
  canGrow(): boolean;
}

/** Chooses which sessions of a hand go back to the pool: those unused longest first, and none that is at work. */
export class HandReturns {
  readonly #table: SlotTable;
  readonly #roster: Roster;
  readonly #preparation: Preparation | undefined;
  readonly #share: FairShare;
  readonly #owner: HandReturnsOwner;
  /** By slot, wall-clock ms. */
  readonly #cameAt = new Map<number, number>();
  /** Others wait for them: they go as soon as they are idle. */
  #owedIds: ReadonlySet<string> = new Set();
  /** So many more go as soon as they are idle, since others have none. */
  #owedCount = 0;
  /** Kept at hand: it is asked at the end of each use. */
  #isAnyOwed = false;
  #lookedAt = 0;

  constructor(parts: {
    table: SlotTable;
    roster: Roster;
    preparation: Preparation | undefined;
    share: FairShare;
    owner: HandReturnsOwner;
  }) {
    this.#table = parts.table;
    this.#roster = parts.roster;
    this.#preparation = parts.preparation;
    this.#share = parts.share;
    this.#owner = parts.owner;
  }

  /** Whether a session that has become idle may have to go, rather than to the next who waits here. */
  get isAnyOwed(): boolean {
    return this.#isAnyOwed;
  }

  noteCame(slot: number, now: number): void {
    this.#cameAt.set(slot, now);
  }

  noteGone(slot: number): void {
    this.#cameAt.delete(slot);
  }

  /** Whether a session, a use of which has just ended, goes now. */
  isDue(slot: number): boolean {
    if (!this.#isFree(slot)) return false;
    if (this.#owedIds.has(this.#table.ids[slot] as string)) return true;
    if (this.#owedCount === 0 || this.#isWaitedFor(slot)) return false;
    this.#owe(this.#owedIds, this.#owedCount - 1);
    return true;
  }

  /** Those that go at these news. What is owed beyond them goes once it is idle. */
  choose(news: HandNews, now: number): number[] {
    const named = news.wantedIds
      .map((id) => this.#roster.slotOf(id))
      .filter((slot) => slot !== -1 && this.#isFree(slot));
    const isShort = this.#owner.lackingCount() > 0;
    const spare = this.#roster.size - named.length - this.#share.least(this.#owner.canGrow());
    const owed = Math.max(0, Math.min(news.wantedCount, spare));
    const count = isShort ? owed : news.wantedCount;
    const wanted = count === 0 ? [] : this.idle().slice(0, count);
    this.#owe(new Set(news.wantedIds), Math.max(0, owed - wanted.length));
    const unused = isShort ? [] : this.#idleForLong(now);
    return [...new Set([...named, ...wanted, ...unused])];
  }

  /** All that nobody uses. */
  idle(): number[] {
    return this.#slots((slot) => this.#isFree(slot) && !this.#isWaitedFor(slot));
  }

  #owe(ids: ReadonlySet<string>, count: number): void {
    this.#owedIds = ids;
    this.#owedCount = count;
    this.#isAnyOwed = ids.size > 0 || count > 0;
  }

  #idleForLong(now: number): number[] {
    if (this.#share.handsCount === 1 || now - this.#lookedAt < LOOK_EACH_MS) return [];
    this.#lookedAt = now;
    return this.#slots(
      (slot) =>
        now - this.#touchedAt(slot) >= IDLE_MS && this.#isFree(slot) && !this.#isWaitedFor(slot),
    ).slice(0, MOST_IDLE);
  }

  /** Nothing is being done with it here. */
  #isFree(slot: number): boolean {
    const { flags, inFlight } = this.#table;
    const state = flags.get(slot) & (FLAG_ALIVE | FLAG_RETIRED | FLAG_EXHAUSTED | FLAG_HELD);
    return (
      state === FLAG_ALIVE && inFlight.get(slot) === 0 && this.#preparation?.isAtWork(slot) !== true
    );
  }

  #isWaitedFor(slot: number): boolean {
    return this.#owner.isWaitedFor(this.#table.ids[slot] as string);
  }

  /** The one unused longest first. */
  #slots(isMeant: (slot: number) => boolean): number[] {
    const slots: number[] = [];
    for (let index = 0; index < this.#roster.size; index++) {
      const slot = this.#roster.at(index);
      if (isMeant(slot)) slots.push(slot);
    }
    return slots.sort((a, b) => this.#touchedAt(a) - this.#touchedAt(b));
  }

  #touchedAt(slot: number): number {
    return Math.max(this.#table.lastUsedAt.get(slot), this.#cameAt.get(slot) ?? 0);
  }
}
