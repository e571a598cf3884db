import { type Clock, systemClock, type Timer } from '../core/clock.ts';
import { type Colors, colorsFor } from './colors.ts';
import { liveLine, type Progress, progressText } from './progress.ts';

/** Where progress is shown; `process.stderr` is one. */
export interface DisplayStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export interface ProgressDisplayOptions {
  readonly stream: DisplayStream;
  readonly clock?: Clock;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const LIVE_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5_000;
/** Speed is averaged over this long. */
const SPEED_WINDOW_MS = 5_000;
/** For terminals that do not know their width, or say it is 0. */
const DEFAULT_COLUMNS = 80;
const CLEAR_LINE = '\r\u001b[2K';

/** Shows how a crawl goes: one line kept up to date on a terminal, a line now and then elsewhere. */
export class ProgressDisplay {
  readonly #stream: DisplayStream;
  readonly #clock: Clock;
  readonly #colors: Colors;
  readonly #isLive: boolean;
  readonly #samples: { readonly atMs: number; readonly finishedCount: number }[] = [];
  #timer: Timer | undefined;
  #read: (() => Progress) | undefined;
  #isLineShown = false;

  constructor(options: ProgressDisplayOptions) {
    const env = options.env ?? process.env;
    this.#stream = options.stream;
    this.#clock = options.clock ?? systemClock;
    this.#colors = colorsFor(options.stream, env);
    this.#isLive = options.stream.isTTY === true && env['TERM'] !== 'dumb';
  }

  /** `read` is called whenever something is shown. */
  start(read: () => Progress): void {
    this.#read = read;
    this.#sample(read());
    this.#draw();
    this.#schedule();
  }

  /** A line of text; on a terminal above the live line. */
  print(text: string): void {
    this.interject(() => this.#stream.write(`${text}\n`));
  }

  /** Lets whole lines be written, to whatever stream shares the terminal, without mixing with the live line. */
  interject<T>(write: () => T): T {
    this.#clear();
    const result = write();
    this.#draw();
    return result;
  }

  /** Takes the live line away. Idempotent. */
  stop(): void {
    this.#timer?.cancel();
    this.#read = undefined;
    this.#clear();
  }

  #schedule(): void {
    const everyMs = this.#isLive ? LIVE_EVERY_MS : PLAIN_EVERY_MS;
    this.#timer = this.#clock.setTimer(() => this.#tick(), everyMs, { isBackground: true });
  }

  #tick(): void {
    if (this.#isLive) this.#draw();
    else this.#writeLine();
    this.#schedule();
  }

  #draw(): void {
    if (!this.#isLive || !this.#read) return;
    const progress = this.#read();
    const speed = this.#sample(progress);
    // The last column stays free: some terminals wrap as soon as it is written to.
    const columns = (this.#stream.columns || DEFAULT_COLUMNS) - 1;
    this.#stream.write(CLEAR_LINE + liveLine(progress, speed, columns, this.#colors));
    this.#isLineShown = true;
  }

  #writeLine(): void {
    if (!this.#read) return;
    const progress = this.#read();
    this.#stream.write(`${progressText(progress, this.#sample(progress))}\n`);
  }

  #clear(): void {
    if (this.#isLineShown) this.#stream.write(CLEAR_LINE);
    this.#isLineShown = false;
  }

  /** Remembers the count and returns pages a second over the window. */
  #sample({ finishedCount }: Progress): number {
    const atMs = this.#clock.monotonicMs();
    this.#samples.push({ atMs, finishedCount });
    while (this.#samples.length > 2 && atMs - (this.#samples[1]?.atMs ?? 0) >= SPEED_WINDOW_MS) {
      this.#samples.shift();
    }
    const first = this.#samples[0];
    if (!first || atMs === first.atMs) return 0;
    return ((finishedCount - first.finishedCount) * 1000) / (atMs - first.atMs);
  }
}
