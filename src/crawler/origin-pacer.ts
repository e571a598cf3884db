import type { Clock } from '../core/clock.ts';
import { type Random, systemRandom } from '../core/random.ts';

/** One site's place in time. All times are wall-clock ms, because they go into the queue. */
interface Lane {
  /** The next request without a reservation may start then. */
  nextAt: number;
  /** Nothing starts before this; set by throttling. */
  pausedUntil: number;
  step: number;
  /** The fixed distance between two starts. */
  intervalMs: number;
  /** Extra distance after a pause; shrinks with each start, so the site is not met by a burst. */
  easingMs: number;
}

const BACKOFF_FIRST_MS = 1000;
const BACKOFF_MAX_MS = 5 * 60_000;
const EASING_FIRST_MS = 50;
const EASING_MAX_MS = 2000;
const EASING_DECAY = 0.8;
/** Sites known before those that are idle are forgotten; a broad crawl meets millions. */
const SWEEP_AT = 10_000;
/** Reservations kept in memory; beyond it a request comes back at its time and may have to wait once more. */
const MAX_RESERVATIONS = 50_000;

/**
 * Decides when a request may start, per site. A request that has to wait is given its own time, so that
 * it goes back into the queue once and neither occupies a slot nor is asked about again and again.
 */
export class OriginPacer {
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #intervalMs: number;
  readonly #lanes = new Map<string, Lane>();
  readonly #reserved = new Map<string, number>();
  #sweepAt = SWEEP_AT;

  constructor(options: { clock: Clock; random?: Random; sameDomainDelaySecs?: number }) {
    this.#clock = options.clock;
    this.#random = options.random ?? systemRandom;
    this.#intervalMs = (options.sameDomainDelaySecs ?? 0) * 1000;
  }

  /** Sites remembered now. */
  get sitesCount(): number {
    return this.#lanes.size;
  }

  /** Whether anything may have to wait; while not, `admit` need not be called. */
  get isActive(): boolean {
    return this.#intervalMs > 0 || this.#lanes.size > 0;
  }

  /** Whether requests to the site have places in time at all. */
  isPaced(site: string): boolean {
    return this.#intervalMs > 0 || this.#lanes.has(site);
  }

  /** The site is not to be asked more often than this; the longer of all intervals counts. */
  keepApart(site: string, intervalMs: number): void {
    if (intervalMs <= this.#intervalMs) return;
    const lane = this.#laneOf(site);
    lane.intervalMs = Math.max(lane.intervalMs, intervalMs);
  }

  /** Asks for a start. @returns 0 when the request may start now, else the time at which to ask again */
  admit(site: string, requestId: string): number {
    const lane = this.#lanes.get(site) ?? (this.#intervalMs > 0 ? this.#laneOf(site) : undefined);
    if (!lane) return 0;
    const now = this.#clock.now();
    const reservedAt = this.#reserved.get(requestId);
    if (reservedAt !== undefined) {
      if (reservedAt > now && reservedAt >= lane.pausedUntil) return reservedAt;
      this.#reserved.delete(requestId);
      if (now >= lane.pausedUntil) return 0;
    }
    const at = Math.max(now, lane.nextAt, lane.pausedUntil);
    if (at === now) {
      this.#advance(lane, at);
      return 0;
    }
    if (this.#reserved.size >= MAX_RESERVATIONS) return at;
    this.#advance(lane, at);
    this.#reserved.set(requestId, at);
    return at;
  }

  /**
   * The site asked us to slow down. Answers to requests sent before the pause was over extend it,
   * but are not another step of the backoff.
   */
  throttle(site: string, sentAt: number, retryAfterSecs?: number): void {
    const lane = this.#laneOf(site);
    const now = this.#clock.now();
    if (sentAt >= lane.pausedUntil) {
      lane.step++;
      lane.easingMs = Math.min(EASING_MAX_MS, EASING_FIRST_MS * 2 ** lane.step);
      lane.pausedUntil = Math.max(lane.pausedUntil, now + this.#backoffMs(lane.step));
    }
    lane.pausedUntil = Math.max(lane.pausedUntil, now + (retryAfterSecs ?? 0) * 1000);
  }

  /** The site answered: its backoff begins anew next time. */
  succeed(site: string): void {
    const lane = this.#lanes.get(site);
    if (!lane || lane.step === 0) return;
    if (this.#clock.now() < lane.pausedUntil) return;
    lane.step = 0;
    if (lane.intervalMs === 0) this.#forgetWhenIdle(site, lane);
  }

  /** Until when the site is paused, in wall-clock ms; 0 when it is not. */
  pausedUntil(site: string): number {
    const until = this.#lanes.get(site)?.pausedUntil ?? 0;
    return until > this.#clock.now() ? until : 0;
  }

  #laneOf(site: string): Lane {
    let lane = this.#lanes.get(site);
    if (!lane) {
      if (this.#lanes.size >= this.#sweepAt) this.#sweep();
      lane = {
        nextAt: 0,
        pausedUntil: 0,
        step: 0,
        intervalMs: this.#intervalMs,
        easingMs: 0,
      };
      this.#lanes.set(site, lane);
    }
    return lane;
  }

  #advance(lane: Lane, at: number): void {
    lane.nextAt = at + Math.max(lane.intervalMs, lane.easingMs);
    lane.easingMs = lane.easingMs < 1 ? 0 : lane.easingMs * EASING_DECAY;
  }

  /** Doubles with each step, with up to a quarter more, so that several crawlers do not return together. */
  #backoffMs(step: number): number {
    const backoff = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** (step - 1));
    return backoff * (1 + this.#random.next() / 4);
  }

  /** Forgets the sites whose next request could start at once, which a new lane would say as well. */
  #sweep(): void {
    for (const [site, lane] of this.#lanes) {
      if (lane.pausedUntil <= this.#clock.now()) this.#forgetWhenIdle(site, lane);
    }
    this.#sweepAt = Math.max(SWEEP_AT, this.#lanes.size * 2);
  }

  #forgetWhenIdle(site: string, lane: Lane): void {
    if (lane.nextAt <= this.#clock.now() && lane.easingMs === 0) this.#lanes.delete(site);
  }
}
