import { nextTurn } from '../core/next-turn.ts';

/**
 * Runs a turn again and again while there is something to do, never two at once. Each begins after the event
 * loop's current phase, so that everything asked for until then shares one turn.
 */
export class Turns {
  readonly #turn: () => Promise<void>;
  #isRunning = false;
  #isWanted = false;
  #idle: (() => void)[] = [];

  /** `turn` must not reject. */
  constructor(turn: () => Promise<void>) {
    this.#turn = turn;
  }

  /** Asks for a turn that begins after this call. */
  request(): void {
    this.#isWanted = true;
    if (this.#isRunning) return;
    this.#isRunning = true;
    void this.#run();
  }

  /** Resolves when no turn runs or is wanted. */
  async whenIdle(): Promise<void> {
    if (!this.#isRunning) return;
    await new Promise<void>((resolve) => {
      this.#idle.push(resolve);
    });
  }

  async #run(): Promise<void> {
    while (this.#isWanted) {
      await nextTurn();
      this.#isWanted = false;
      await this.#turn();
    }
    this.#isRunning = false;
    const idle = this.#idle;
    this.#idle = [];
    for (const resolve of idle) resolve();
  }
}
