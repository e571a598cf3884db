import type { Clock, Timer } from '../../core/clock.ts';
import type {
  HandChanges,
  HandNews,
  HandOptions,
  SessionHand,
  SessionHands,
  Taken,
  TakeRequest,
} from '../../storage/session-hands.ts';
import { aged, merged, NO_CHANGES, Unwritten } from './changes.ts';

/** Without changes the store hears of the hand this often: it is when news arrive, too. */
const BEAT_MS = 1000;
/** In one go; then the next sync begins with it. */
const MOST_OFFERS = 3;

/** What a hand has to offer when its lease was over. */
export interface Holdings {
  readonly changes: HandChanges;
  /** Sessions that are to be written whole or not at all. */
  readonly whole: readonly string[];
  /** So many places are needed for sessions that were made, or are in the making. */
  readonly placesCount: number;
}

/** What the hand's owner hears. */
export interface HandLinkOwner {
  /** What goes with every sync. */
  reports(): Pick<HandChanges, 'origins' | 'watched' | 'proxies' | 'unusedPlaces'>;
  onNews(news: HandNews): void;
  /** These changes were written. */
  onWritten(changes: HandChanges): void;
  /** The lease was over: all that is to be known of what the hand had. */
  holdings(): Holdings;
  /** What the hand had was offered, and those refused are not in it any more. */
  onOffered(offered: HandChanges, news: HandNews): void;
  /** The lease may be over: until the next news, nothing may go out. */
  onStale(): void;
  onFailure(error: unknown): void;
}

/** Speaks with the store for one hand: one call after the other, a sign of life in time, an eye on the deadline. */
export class HandLink {
  readonly #hands: SessionHands;
  readonly #options: HandOptions;
  readonly #clock: Clock;
  readonly #owner: HandLinkOwner;
  #hand: SessionHand | undefined;
  /** What is to be told with the next sync. */
  #pending: HandChanges[] = [];
  readonly #unwritten = new Unwritten();
  /** The lease was over, and what the hand had is still to be offered. */
  #isLost = false;
  #last: Promise<unknown> = Promise.resolve();
  #beat: Timer | undefined;
  #deadline: Timer | undefined;
  /** Of the lease, by this machine's monotonic clock: the store's ends no earlier. */
  #endsAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(parts: {
    hands: SessionHands;
    options: HandOptions;
    clock: Clock;
    owner: HandLinkOwner;
  }) {
    this.#hands = parts.hands;
    this.#options = parts.options;
    this.#clock = parts.clock;
    this.#owner = parts.owner;
  }

  /** Whether the lease may be over, as it is when its answer was too long on its way. */
  get mayBeOver(): boolean {
    return this.#clock.monotonicMs() >= this.#endsAtMs;
  }

  /** The first news have come when it resolves. */
  async join(): Promise<void> {
    this.#hand = await this.#hands.join(this.#options);
    await this.sync();
  }

  /** What was to be given back is given back before, so that no session comes while it still goes. */
  take(request: TakeRequest): Promise<Taken> {
    return this.#inTurn(async (hand) => {
      if (this.#pending.length > 0) await this.#sync(hand, NO_CHANGES);
      const taken = await hand.take(request);
      if (!taken.isLost) return taken;
      await this.#sync(hand, NO_CHANGES);
      return await hand.take(request);
    });
  }

  sync(changes: Partial<HandChanges> = NO_CHANGES): Promise<void> {
    return this.#inTurn((hand) => this.#sync(hand, { ...NO_CHANGES, ...changes }));
  }

  /** For the next sync, which comes as soon as the present task is done. */
  tell(changes: Partial<HandChanges>): void {
    if (this.#pending.length === 0) this.#syncSoon();
    this.#pending.push({ ...NO_CHANGES, ...changes });
  }

  /** Gives all back. */
  async leave(): Promise<void> {
    this.#isClosed = true;
    this.#beat?.cancel();
    await this.#inTurn(async (hand) => {
      await this.#sync(hand, NO_CHANGES);
      await hand.leave();
    }).finally(() => {
      this.#beat?.cancel();
      this.#deadline?.cancel();
    });
  }

  #inTurn<T>(call: (hand: SessionHand) => Promise<T>): Promise<T> {
    const running = this.#last.then(() => call(this.#hand as SessionHand));
    this.#last = running.catch(() => {});
    return running;
  }

  #syncSoon(): void {
    void Promise.resolve().then(() => {
      if (!this.#isClosed) this.sync().catch((error) => this.#owner.onFailure(error));
    });
  }

  async #sync(hand: SessionHand, changes: HandChanges): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    this.#beat?.cancel();
    const sent = merged([...pending, { ...changes, ...this.#owner.reports() }]);
    try {
      const news = await this.#send(hand, sent);
      if (news) this.#owner.onNews(news);
    } catch (error) {
      this.#owner.onStale();
      throw error;
    } finally {
      this.#planBeat();
    }
  }

  /** `undefined` where nothing was written. */
  async #send(hand: SessionHand, changes: HandChanges): Promise<HandNews | undefined> {
    const began = this.#clock.monotonicMs();
    let news: HandNews | undefined;
    try {
      if (!this.#isLost) news = await hand.sync(changes);
    } finally {
      if (news?.isLost !== false) this.#unwritten.keep(changes);
    }
    if (news?.isLost !== false) return await this.#offerUntilTaken(hand, changes, began);
    this.#planDeadline(began);
    this.#owner.onWritten(changes);
    return news;
  }

  /** An answer may be so long on its way that the next lease is over when it comes. */
  async #offerUntilTaken(
    hand: SessionHand,
    changes: HandChanges,
    toldAtMs: number,
  ): Promise<HandNews | undefined> {
    this.#isLost = true;
    for (let tries = 0; tries < MOST_OFFERS; tries++) {
      const evidence = aged(changes, this.#clock.monotonicMs() - toldAtMs);
      const news = await this.#offer(hand, evidence);
      if (news) return news;
    }
    return undefined;
  }

  /** The lease was over. Nothing goes out before the store has said what is still in the hand; where that fails, all is offered again. */
  async #offer(
    hand: SessionHand,
    evidence: Pick<HandChanges, 'origins' | 'watched' | 'proxies'>,
  ): Promise<HandNews | undefined> {
    this.#owner.onStale();
    const { changes, whole, placesCount } = this.#owner.holdings();
    this.#unwritten.keep(changes);
    const offered = { ...this.#unwritten.all, ...evidence };
    const began = this.#clock.monotonicMs();
    if (placesCount > 0) await hand.take({ count: 0, places: placesCount });
    const news = await hand.offer(offered, whole);
    if (news.isLost) return undefined;
    this.#unwritten.clear();
    this.#isLost = false;
    this.#planDeadline(began);
    this.#owner.onOffered(offered, news);
    this.#owner.onWritten(offered);
    return { ...news, refused: [], isLost: true };
  }

  #planBeat(): void {
    if (this.#isClosed) return;
    this.#beat = this.#clock.setTimer(
      () => this.sync().catch((error) => this.#owner.onFailure(error)),
      BEAT_MS,
      { isBackground: true },
    );
  }

  /** Counted from before the call. */
  #planDeadline(began: number): void {
    this.#deadline?.cancel();
    this.#endsAtMs = began + this.#options.leaseMs;
    const leftMs = this.#endsAtMs - this.#clock.monotonicMs();
    this.#deadline = this.#clock.setTimer(() => this.#owner.onStale(), leftMs, {
      isBackground: true,
    });
  }
}
