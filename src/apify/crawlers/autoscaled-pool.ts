import { NotInFacadeError } from '../errors.ts';

/** What of a running crawler the pool shows. */
export interface Running {
  readonly concurrency: { readonly current: number; readonly desired: number };
  stop(): void;
}

/** `crawler.autoscaledPool`: how much the crawler does at once, and a way to end it. New names: `crawler.concurrency`, `crawler.stop()`. */
export class AutoscaledPool {
  readonly #running: Running;
  readonly #limits: { readonly min: number; readonly max: number };

  constructor(running: Running, limits: { min: number; max: number }) {
    this.#running = running;
    this.#limits = limits;
  }

  /** Cannot be changed while the crawler runs: @throws NotInFacadeError when it is set */
  get minConcurrency(): number {
    return this.#limits.min;
  }

  set minConcurrency(_value: number) {
    throw unchangeable('minConcurrency');
  }

  /** As {@link AutoscaledPool.minConcurrency}. */
  get maxConcurrency(): number {
    return this.#limits.max;
  }

  set maxConcurrency(_value: number) {
    throw unchangeable('maxConcurrency');
  }

  /** As {@link AutoscaledPool.minConcurrency}. */
  get desiredConcurrency(): number {
    return this.#running.concurrency.desired;
  }

  set desiredConcurrency(_value: number) {
    throw unchangeable('desiredConcurrency');
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

function unchangeable(name: string): NotInFacadeError {
  const instead = `pass \`${name === 'minConcurrency' ? name : 'maxConcurrency'}\` to the crawler`;
  return new NotInFacadeError(`Setting autoscaledPool.${name}`, instead);
}
