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

/** Without changes the store hears of the hand this often: it is when news arrive, too. */
const BEAT_MS = 1000;

const NO_CHANGES: HandChanges = Object.freeze({
  hot: [],
  cold: [],
  evenIfFull: [],
  cookies: [],
  retired: [],
  returned: [],
  unusedPlaces: 0,
  origins: [],
  watched: null,
  proxies: [],
});

const NOTHING: Taken = Object.freeze({
  sessions: [],
  places: 0,
  absent: new Map(),
  nextDueMs: null,
  isLost: true,
});

/** What the hand's owner hears. */
export interface HandLinkOwner {
  /** What goes with every sync. */
  reports(): Pick<HandChanges, 'origins' | 'watched' | 'proxies' | 'unusedPlaces'>;
  onNews(news: HandNews): void;
  /** The lease was over: nothing of what changed was written, and nothing is in the hand any more. */
  onLost(): void;
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
  /** What is to be written of sessions that go back, with the next sync. */
  #leaving: HandChanges = NO_CHANGES;
  #last: Promise<unknown> = Promise.resolve();
  #beat: Timer | undefined;
  #deadline: Timer | undefined;
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

  /** The first news have come when it resolves. */
  async join(): Promise<void> {
    this.#hand = await this.#hands.join(this.#options);
    await this.sync();
  }

  /** What was to be given back is given back before, so that no session comes while it still goes. */
  take(request: TakeRequest): Promise<Taken> {
    return this.#inTurn(async (hand) => {
      if (this.#leaving !== NO_CHANGES) await this.#sync(hand, NO_CHANGES);
      const taken = await hand.take(request);
      if (!taken.isLost) return taken;
      await this.#sync(hand, NO_CHANGES);
      return NOTHING;
    });
  }

  sync(changes: Partial<HandChanges> = NO_CHANGES): Promise<void> {
    return this.#inTurn((hand) => this.#sync(hand, { ...NO_CHANGES, ...changes }));
  }

  /** For the next sync, which comes as soon as the present task is done. */
  giveBack(changes: Pick<HandChanges, 'hot' | 'cold' | 'cookies' | 'returned'>): void {
    if (this.#leaving === NO_CHANGES) this.#syncSoon();
    this.#leaving = merged(this.#leaving, { ...NO_CHANGES, ...changes });
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
    const leaving = this.#leaving;
    this.#leaving = NO_CHANGES;
    const began = this.#clock.monotonicMs();
    this.#beat?.cancel();
    let news: HandNews;
    try {
      news = await hand.sync(merged(leaving, { ...changes, ...this.#owner.reports() }));
    } catch (error) {
      this.#owner.onStale();
      throw error;
    } finally {
      this.#planBeat();
    }
    this.#planDeadline(began);
    if (news.isLost) this.#owner.onLost();
    this.#owner.onNews(news);
  }

  #planBeat(): void {
    if (this.#isClosed) return;
    this.#beat = this.#clock.setTimer(
      () => this.sync().catch((error) => this.#owner.onFailure(error)),
      BEAT_MS,
      { isBackground: true },
    );
  }

  /** By this machine's clock, from before the call: the store's lease ends no earlier. */
  #planDeadline(began: number): void {
    this.#deadline?.cancel();
    const leftMs = began + this.#options.leaseMs - this.#clock.monotonicMs();
    this.#deadline = this.#clock.setTimer(() => this.#owner.onStale(), leftMs, {
      isBackground: true,
    });
  }
}

function merged(first: HandChanges, then: HandChanges): HandChanges {
  if (first === NO_CHANGES) return then;
  return {
    ...then,
    hot: [...first.hot, ...then.hot],
    cold: [...first.cold, ...then.cold],
    cookies: [...first.cookies, ...then.cookies],
    returned: [...first.returned, ...then.returned],
  };
}
