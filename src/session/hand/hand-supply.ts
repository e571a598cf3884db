import type { Clock } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { Absence, HeldSession, Taken, TakeRequest } from '../../storage/session-hands.ts';
import { WakeUp } from '../wake-up.ts';
import type { FairShare } from './fair-share.ts';

/** Never sooner after a request for more that brought too little. */
const SHORTEST_PAUSE_MS = 50;
/** Where all sessions are in use, somebody may give one back at any moment. */
const LONGEST_PAUSE_MS = 200;
/** Where sessions rest, it is known when the next is due; others may still come back before. */
const LONGEST_REST_MS = 1000;
/** Pauses are lengthened by up to this share, so that workers take turns. */
const JITTER = 0.5;
const LARGEST_BATCH = 256;

/** What the supply needs of the pool. */
export interface HandSupplyOwner {
  take(request: TakeRequest): Promise<Taken>;
  /** Sessions in hand. */
  readonly heldCount: number;
  readonly canGrow: boolean;
  /** Places in which a session is being made at present. */
  readonly makingCount: number;
  /** Leases that wait for any session, and for which none is on its way. */
  readonly lackingCount: number;
  /** Sessions that somebody waits for and that are not in the hand. */
  missingIds(): readonly string[];
  receive(sessions: readonly HeldSession[]): void;
  /** There are places for new sessions. */
  onPlaces(): void;
  onAbsent(id: string, absence: Exclude<Absence, 'held'>): void;
  onFailure(error: unknown): void;
}

/**
 * Fetches sessions for leases that wait: one request at a time, for as many as are lacking and a few more when it was
 * not enough before, within the fair share. Where there was too little, it asks again after a pause.
 */
export class HandSupply {
  readonly #owner: HandSupplyOwner;
  readonly #share: FairShare;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #wakeUp: WakeUp;
  /** For sessions to be made. */
  #places = 0;
  /** Of these, promised to somebody who is about to make one. */
  #promised = 0;
  #batch = 1;
  #pauseMs = 0;
  #notBefore = Number.NEGATIVE_INFINITY;
  #isAsking = false;
  #isPlanned = false;
  /** Something was wanted in vain, and the store keeps it in mind. */
  #isWanting = false;
  #isClosed = false;

  constructor(parts: { owner: HandSupplyOwner; share: FairShare; clock: Clock; random: Random }) {
    this.#owner = parts.owner;
    this.#share = parts.share;
    this.#clock = parts.clock;
    this.#random = parts.random;
    this.#wakeUp = new WakeUp(parts.clock, () => this.#askSoon());
  }

  get placesCount(): number {
    return this.#places;
  }

  get hasRoom(): boolean {
    return this.#roomCount > 0;
  }

  /** Somebody waits, or still waits. */
  noteWaiting(): void {
    if (this.#isPlanned || this.#isAsking || this.#isClosed) return;
    const now = this.#clock.now();
    if (now < this.#notBefore) this.#wakeUp.plan(this.#notBefore);
    else this.#askSoon();
  }

  /** There may be something to be had now that was not before. */
  noteNews(): void {
    const { lackingCount } = this.#owner;
    if (lackingCount === 0 && !this.#isWanting && this.#owner.missingIds().length === 0) return;
    this.#notBefore = Math.min(this.#notBefore, this.#clock.now());
    this.noteWaiting();
  }

  /** The worker has given up a session since others want one: they go first. */
  letOthersGoFirst(): void {
    this.#pause(LONGEST_PAUSE_MS);
  }

  usePlace(): void {
    this.#places--;
  }

  /** A session was made and has gone before the store knew of it. */
  regainPlace(): void {
    this.#places++;
  }

  /** Places that nobody needs at present; they go back to the store. */
  releasePlaces(): number {
    const { canGrow, lackingCount } = this.#owner;
    if (this.#isAsking || (canGrow && lackingCount > 0)) return 0;
    const unused = Math.max(0, this.#places - this.neededCount);
    this.#places -= unused;
    return unused;
  }

  /** Idle sessions have gone back: fewer are needed. */
  shrink(): void {
    this.#batch = 1;
  }

  /** The lease was over: these places are left. */
  reset(placesCount: number): void {
    this.#places = placesCount;
    this.#batch = 1;
  }

  /** Places that are needed for what is in the making. */
  get neededCount(): number {
    return this.#owner.makingCount + this.#promised;
  }

  /** A place for a session that is about to be made; says whether there is one. To be followed by `endPromise`. */
  async promisePlace(): Promise<boolean> {
    this.#promised++;
    if (this.#places >= this.#promised) return true;
    const { places } = await this.#owner.take({ count: 0, places: 1 });
    this.#places += places;
    return this.#places > 0;
  }

  /** The session has been made, or not. */
  endPromise(): void {
    this.#promised--;
  }

  /** One more session, or a place for one, within the fair share; says whether something has come. */
  async fetchOne(): Promise<boolean> {
    if (!this.hasRoom) return false;
    const taken = await this.#owner.take({ count: 1, places: 1 });
    this.#places += taken.places;
    this.#owner.receive(taken.sessions);
    return taken.sessions.length + taken.places > 0;
  }

  close(): void {
    this.#isClosed = true;
    this.#wakeUp.cancel();
  }

  /** When the present task is done: more leases may come in it. */
  #askSoon(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    void Promise.resolve().then(() => {
      this.#isPlanned = false;
      void this.#ask();
    });
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#isClosed) return;
    const free = this.#owner.canGrow ? this.#places - this.#owner.makingCount : 0;
    const lacking = Math.max(0, this.#owner.lackingCount - free);
    const request = this.#request(lacking);
    if (!request) return;
    this.#isAsking = true;
    let taken: Taken;
    try {
      taken = await this.#owner.take(request);
    } catch (error) {
      this.#isAsking = false;
      this.#pause(LONGEST_REST_MS);
      this.#owner.onFailure(error);
      return;
    }
    this.#isAsking = false;
    this.#note(request, lacking, taken);
    this.#hand(taken);
    if (this.#owner.lackingCount > 0 || this.#owner.missingIds().length > 0) this.noteWaiting();
  }

  /** `undefined` when nothing is lacking that may be had. */
  #request(lacking: number): TakeRequest | undefined {
    const ids = this.#owner.missingIds();
    const { canGrow } = this.#owner;
    const count = lacking === 0 ? 0 : Math.min(this.#roomCount, Math.max(lacking, this.#batch));
    if (count === 0 && ids.length === 0 && !this.#isWanting) return undefined;
    return { count, ids, places: canGrow ? count : 0 };
  }

  /** Places in which nothing can be made take no room from sessions that are there. */
  get #roomCount(): number {
    const { heldCount, canGrow } = this.#owner;
    const promised = canGrow ? this.#places : 0;
    return Math.max(0, this.#share.most(canGrow) - heldCount - promised);
  }

  #note(request: TakeRequest, lacking: number, { sessions, places, nextDueMs }: Taken): void {
    const { count, ids = [] } = request;
    const got = sessions.length + places;
    this.#isWanting = got < count;
    if (this.#isWanting) this.#batch = 1;
    else if (count > 0) this.#batch = Math.min(LARGEST_BATCH, this.#batch * 2);
    if (got > 0 && got >= lacking) {
      this.#pauseMs = 0;
      this.#notBefore = Number.NEGATIVE_INFINITY;
      return;
    }
    if (lacking === 0 && ids.length === 0) return;
    if (nextDueMs === null) this.#pause(LONGEST_PAUSE_MS);
    else this.#pause(LONGEST_REST_MS, nextDueMs);
  }

  #pause(longestMs: number, dueMs = Number.POSITIVE_INFINITY): void {
    const doubled = Math.max(SHORTEST_PAUSE_MS, this.#pauseMs * 2);
    this.#pauseMs = Math.min(longestMs, doubled);
    const untilDue = Math.max(SHORTEST_PAUSE_MS, dueMs);
    const pauseMs = this.#pauseMs * (1 + JITTER * this.#random.next());
    this.#notBefore = this.#clock.now() + Math.min(untilDue, pauseMs);
  }

  #hand({ sessions, places, absent }: Taken): void {
    this.#places += places;
    this.#owner.receive(sessions);
    if (this.#places > 0) this.#owner.onPlaces();
    for (const [id, absence] of absent) {
      if (absence !== 'held') this.#owner.onAbsent(id, absence);
    }
  }
}
