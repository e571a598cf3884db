import { setMaxListeners } from 'node:events';
import type { Timer } from '../../core/clock.ts';
import { OUTCOME_KINDS, type Outcome, type OutcomeKind } from '../../session/outcome.ts';
import type { EventClock } from './event-clock.ts';
import type { Lender, Loan } from './lender.ts';
import { nextTryAtMs } from './page-fate.ts';
import { type Page, PageLine } from './page-line.ts';
import { burntOf, type RunResult, type RunSeries } from './run-result.ts';
import type { Answer, AnswerKind, SimulatedWorld } from './simulated-world.ts';

/** One attempt, as an outcome log holds it. */
export interface Attempted {
  readonly atMs: number;
  readonly proxy: string;
  readonly url: string;
  readonly outcome: Outcome;
}

const SAMPLES = 120;
const ORIGIN = 'https://site.test';

const KIND_OF: Readonly<Record<AnswerKind, OutcomeKind>> = {
  page: 'ok',
  denied: 'blocked',
  blocked: 'blocked',
  throttled: 'throttled',
  failed: 'target',
  'proxy-failed': 'proxy',
  silence: 'timeout',
};

/** A crawler of so many slots in a simulated world: takes a page, borrows a session, sends, judges, tries again. */
export class SimulatedCrawl {
  readonly #world: SimulatedWorld;
  readonly #lender: Lender;
  readonly #clock: EventClock;
  readonly #onAttempt: ((attempted: Attempted) => void) | undefined;
  readonly #line: PageLine;
  readonly #stop = new AbortController();
  readonly #outcomes = Object.fromEntries(OUTCOME_KINDS.map((kind) => [kind, 0])) as Record<
    OutcomeKind,
    number
  >;
  readonly #series: { delivered: number[]; wasted: number[]; cooling: number[] } = {
    delivered: [],
    wasted: [],
    cooling: [],
  };
  #busyCount = 0;
  #attemptsCount = 0;
  #deliveredCount = 0;
  #lostCount = 0;
  #burntInOutageCount = 0;
  #burntSeen = 0;
  #finishedMs: number | null = null;
  #wakeUp: Timer | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(parts: {
    world: SimulatedWorld;
    lender: Lender;
    clock: EventClock;
    onAttempt?: ((attempted: Attempted) => void) | undefined;
  }) {
    this.#world = parts.world;
    this.#lender = parts.lender;
    this.#clock = parts.clock;
    this.#onAttempt = parts.onAttempt;
    this.#line = new PageLine(parts.world.world.pagesCount);
    // Every slot that waits for a session listens.
    setMaxListeners(0, this.#stop.signal);
  }

  async run(): Promise<Omit<RunResult, 'policy' | 'seed'>> {
    const { durationSecs, name } = this.#world.world;
    const durationMs = durationSecs * 1000;
    this.#sample(durationMs / SAMPLES);
    this.#fillSlots();
    await this.#clock.run(durationMs, () => this.#isOver);
    this.#stop.abort(new Error('The simulated crawl is over'));
    if (this.#failure) throw this.#failure.error;
    this.#noteBurnt();
    const elapsedSecs = (this.#finishedMs ?? durationMs) / 1000;
    const delivered = this.#deliveredCount;
    const { retiredByReason } = this.#lender;
    return {
      world: name,
      elapsedSecs,
      deliveredCount: delivered,
      attemptsCount: this.#attemptsCount,
      lostCount: this.#lostCount,
      goodput: delivered / elapsedSecs,
      waste: (this.#attemptsCount - delivered) / Math.max(1, delivered),
      finishedSecs: this.#finishedMs === null ? null : this.#finishedMs / 1000,
      burntCount: burntOf(retiredByReason),
      burntInOutageCount: this.#burntInOutageCount,
      retiredByReason,
      outcomes: this.#outcomes,
      series: this.#readSeries(durationSecs / SAMPLES),
    };
  }

  get #isOver(): boolean {
    return this.#finishedMs !== null || this.#failure !== undefined;
  }

  #fillSlots(): void {
    const { slots } = this.#world.world.crawl;
    while (this.#busyCount < slots && !this.#isOver) {
      const page = this.#line.take(this.#clock.monotonicMs());
      if (!page) break;
      if (this.#lender.isHopeless(page.number)) {
        this.#lostCount++;
        continue;
      }
      this.#busyCount++;
      this.#attempt(page).then(
        () => {
          this.#busyCount--;
          this.#fillSlots();
        },
        (error) => this.#onFailure(error),
      );
    }
    if (this.#busyCount < slots) this.#planWakeUp();
    const isDone = this.#busyCount === 0 && this.#line.nextDueAtMs === Number.POSITIVE_INFINITY;
    if (isDone) this.#finishedMs ??= this.#clock.monotonicMs();
  }

  async #attempt(page: Page): Promise<void> {
    const url = `${ORIGIN}/page/${page.number}`;
    const loan = await this.#lender.lend({
      url,
      page: page.number,
      avoid: page.failedOn,
      signal: this.#stop.signal,
    });
    const sentAtMs = this.#clock.monotonicMs();
    const request = { sessionId: loan.sessionId, page: page.number };
    const answer = this.#world.send(loan.proxy, request, sentAtMs);
    await this.#clock.sleep(answer.afterMs);
    const outcome = outcomeOf(answer);
    this.#note(loan, url, outcome);
    const excuse = loan.settle(outcome);
    if (outcome.kind === 'ok') return;
    const now = this.#clock.monotonicMs();
    const failure = { kind: outcome.kind, excuse, sessionId: loan.sessionId };
    const dueAtMs = nextTryAtMs(page, failure, now);
    if (dueAtMs === null) this.#lostCount++;
    else this.#line.putBack(page, dueAtMs);
  }

  #note(loan: Loan, url: string, outcome: Outcome): void {
    this.#attemptsCount++;
    this.#outcomes[outcome.kind]++;
    if (outcome.kind === 'ok') this.#deliveredCount++;
    if (!this.#onAttempt) return;
    const proxy = this.#world.proxies[loan.proxy]?.url ?? '';
    this.#onAttempt({ atMs: this.#clock.now(), proxy, url, outcome });
  }

  #planWakeUp(): void {
    this.#wakeUp?.cancel();
    const inMs = this.#line.nextDueAtMs - this.#clock.monotonicMs();
    if (inMs === Number.POSITIVE_INFINITY) return;
    this.#wakeUp = this.#clock.setTimer(() => this.#fillSlots(), inMs);
  }

  #onFailure(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#failure ??= { error };
  }

  #sample(stepMs: number): void {
    this.#clock.setTimer(() => {
      this.#series.delivered.push(this.#deliveredCount);
      this.#series.wasted.push(this.#attemptsCount - this.#deliveredCount);
      this.#series.cooling.push(this.#lender.coolingCount);
      this.#noteBurnt();
      if (this.#series.delivered.length < SAMPLES) this.#sample(stepMs);
    }, stepMs);
  }

  /** Failures of an outage may come in a whole timeout after its end. */
  #noteBurnt(): void {
    const burnt = burntOf(this.#lender.retiredByReason);
    const nowMs = this.#clock.monotonicMs();
    const { durationSecs, crawl } = this.#world.world;
    const lateMs = crawl.timeoutSecs * 1000 + (durationSecs * 1000) / SAMPLES;
    const isOutage = this.#world.outageAt(nowMs) ?? this.#world.outageAt(nowMs - lateMs);
    if (isOutage) this.#burntInOutageCount += burnt - this.#burntSeen;
    this.#burntSeen = burnt;
  }

  /** A crawl that ended early stays where it was. */
  #readSeries(stepSecs: number): RunSeries {
    const { delivered, wasted, cooling } = this.#series;
    while (delivered.length < SAMPLES) {
      delivered.push(this.#deliveredCount);
      wasted.push(this.#attemptsCount - this.#deliveredCount);
      cooling.push(this.#lender.coolingCount);
    }
    return { stepSecs, delivered, wasted, cooling };
  }
}

function outcomeOf({ kind, status, retryAfterSecs, afterMs }: Answer): Outcome {
  return {
    kind: KIND_OF[kind],
    latencyMs: afterMs,
    ...(status !== undefined && { status }),
    ...(retryAfterSecs !== undefined && { retryAfterSecs }),
  };
}
