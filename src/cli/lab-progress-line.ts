import { type Clock, systemClock } from '../core/clock.ts';
import type { LabProgress } from '../lab/simulation/run-lab.ts';
import type { DisplayStream } from './progress-display.ts';

const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 10_000;
const CLEAR_LINE = '\r\u001b[2K';

/** Says how far the lab is: in one line kept up to date on a terminal, in a line now and then elsewhere. */
export class LabProgressLine {
  readonly #stream: DisplayStream;
  readonly #clock: Clock;
  readonly #isLive: boolean;
  #shownAtMs: number;

  constructor(stream: DisplayStream, clock: Clock = systemClock) {
    this.#stream = stream;
    this.#clock = clock;
    this.#isLive = stream.isTTY === true && process.env['TERM'] !== 'dumb';
    this.#shownAtMs = clock.monotonicMs();
  }

  begin(totalCount: number): void {
    this.#stream.write(`Simulating ${totalCount} crawls\n`);
  }

  show({ doneCount, totalCount, world, policy, seed }: LabProgress): void {
    const now = this.#clock.monotonicMs();
    if (now - this.#shownAtMs < (this.#isLive ? LIVE_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.#shownAtMs = now;
    const text = `${doneCount} of ${totalCount} crawls · ${world}, ${policy}, seed ${seed}`;
    const columns = (this.#stream.columns || 80) - 1;
    this.#stream.write(this.#isLive ? CLEAR_LINE + text.slice(0, columns) : `${text}\n`);
  }

  clear(): void {
    if (this.#isLive) this.#stream.write(CLEAR_LINE);
  }
}
