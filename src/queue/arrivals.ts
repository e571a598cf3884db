import type { Clock, Timer } from '../core/clock.ts';

/** Between two looks at a store that says something is due although a claim just found nothing. */
const MIN_DELAY_MS = 5;

export interface ArrivalsOptions {
  readonly clock: Clock;
  readonly pollMs: number;
  /** Wall-clock ms at which something becomes claimable, `null` when nothing will. */
  readonly nextDueAt: () => Promise<number | null>;
}

/** Wakes those who wait for something to fetch: at once when told, else when the store's next request falls due. */
export class Arrivals {
  readonly #clock: Clock;
  readonly #pollMs: number;
  readonly #nextDueAt: () => Promise<number | null>;
  readonly #waiting = new Set<() => void>();
  #timer: Timer | undefined;
  /** The look at the store under way; what it finds is of no use after a wake. */
  #arming: Promise<number> | undefined;

  constructor({ clock, pollMs, nextDueAt }: ArrivalsOptions) {
    this.#clock = clock;
    this.#pollMs = pollMs;
    this.#nextDueAt = nextDueAt;
  }

  /** The signal must not be aborted yet. */
  wait(signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const onWake = (): void => {
        signal?.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        this.#waiting.delete(onWake);
        if (this.#waiting.size === 0) this.#disarm();
        reject(signal?.reason);
      };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#waiting.add(onWake);
      void this.#arm();
    });
  }

  wake(): void {
    this.#disarm();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const resolve of waiting) resolve();
  }

  async #arm(): Promise<void> {
    if (this.#timer || this.#arming) return;
    const arming = this.#delayMs();
    this.#arming = arming;
    const delay = await arming;
    if (this.#arming !== arming) return;
    this.#arming = undefined;
    this.#timer = this.#clock.setTimer(() => this.wake(), delay);
  }

  async #delayMs(): Promise<number> {
    try {
      const dueAt = await this.#nextDueAt();
      if (dueAt === null) return this.#pollMs;
      return Math.min(this.#pollMs, Math.max(MIN_DELAY_MS, dueAt - this.#clock.now()));
    } catch {
      // Whoever fetches next meets the store's error itself.
      return this.#pollMs;
    }
  }

  #disarm(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#arming = undefined;
  }
}
