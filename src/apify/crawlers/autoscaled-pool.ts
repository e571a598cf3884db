import { NotInFacadeError } from '../errors.ts';

/** What of a running crawler the pool shows. */
export interface Running {
  readonly concurrency: { readonly current: number; readonly desired: number };
  stop(): void;
}

/** `crawler.autoscaledPool`: how much the crawler does at once, and a way to end it. New names: `crawler.concurrency`, `crawler.stop()`. */
export class AutoscaledPool {
  readonly #running: Running;
  readonly minConcurrency: number;
  readonly maxConcurrency: number;

  constructor(running: Running, limits: { min: number; max: number }) {
    this.#running = running;
    this.minConcurrency = limits.min;
    this.maxConcurrency = limits.max;
  }

  get desiredConcurrency(): number {
    return this.#running.concurrency.desired;
  }

  get currentConcurrency(): number {
    return this.#running.concurrency.current;
  }

  /** Starts nothing more; what is in flight finishes, and `run()` resolves. New name: `crawler.stop()`. */
  async abort(): Promise<void> {
    this.#running.stop();
  }

  /** @throws NotInFacadeError always */
  async pause(): Promise<never> {
    throw new NotInFacadeError('autoscaledPool.pause()', 'stop the crawler and run it again');
  }

  /** @throws NotInFacadeError always */
  resume(): never {
    throw new NotInFacadeError('autoscaledPool.resume()', 'run the crawler again');
  }
}
