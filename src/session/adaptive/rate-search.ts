import type { ResolvedAdaptiveOptions } from './adaptive-options.ts';

/** What an address has sent since it was last as good as new. */
export interface Span {
  readonly uses: number;
  readonly secs: number;
}

/** The last so many readings count, and so many blocks before the first. */
const MAX_READINGS = 9;
/** Of a span that goes on so many times as far as the allowance, the slope can be read. */
const READABLE = 1.5;
/** Over less time one request more or less is too much. */
const LEAST_SECS = 8;
/** Explorers go faster when they have shown that so much of their rate is let pass. */
const CONFIRMED = 0.6;
/** An address that was slow for a while has been forgiven part of it, so that readings err to the low side. */
const UPPER = 0.75;
const MIDDLE = 0.49;
const FASTER = 1.5;
/** A limit that is so far below what explorers try cannot be read from them. */
const FAR_BELOW = 0.1;
const SHORTER = 0.8;
const ENOUGH_SHORTER = 3;
const SURE_READINGS = 3;
const SURE_SPREAD = 0.25;
const SLOWER = 0.25;

/**
 * Reads a hidden limit off the blocks. A limit that forgives with time lets an address send so many requests at once,
 * the allowance, and so many a second after that: a block says how many it let pass in how long. The first blocks of
 * those that went fast give the allowance; whoever goes slower and is blocked later gives the slope, which is the
 * rate, and whoever goes on unblocked bounds it from below.
 */
export class RateSearch {
  readonly #options: ResolvedAdaptiveOptions['search'];
  readonly #blocks: Span[] = [];
  readonly #readings: number[] = [];
  #allowance: Span | null = null;
  /** Shorter than the allowance in both ways. */
  readonly #shorter: Span[] = [];
  #passed = 0;
  #tried = 0;
  #isSure = false;

  constructor(options: ResolvedAdaptiveOptions['search']) {
    this.#options = options;
  }

  get isOn(): boolean {
    return this.#allowance !== null;
  }

  /** Requests a second that were let pass, by those that were blocked in the end; 0 while none is read. */
  get limit(): number {
    return this.#readings.length === 0 ? 0 : quantileOf(this.#readings, UPPER);
  }

  /** What was read says the same again and again, as chance would not. */
  get isSure(): boolean {
    return this.#isSure;
  }

  /** Requests a second that are known to be let pass. */
  get safe(): number {
    return this.#readings.length === 0 ? this.#passed : Math.min(this.limit, this.#passed);
  }

  /** Requests a second that explorers try. */
  get tried(): number {
    return this.#tried;
  }

  /** Enough has been read. */
  isOver(activeCount: number): boolean {
    const { readings, groups } = this.#options;
    return this.#readings.length >= Math.max(1, Math.min(readings, activeCount / groups));
  }

  /** Blocks are about the pace: from here on it is looked for. */
  begin(): boolean {
    if (this.#blocks.length === 0) return false;
    this.#allow(this.#blocks);
    return true;
  }

  end(): void {
    this.#blocks.length = 0;
    this.#readings.length = 0;
    this.#shorter.length = 0;
    this.#allowance = null;
    this.#passed = 0;
    this.#isSure = false;
  }

  /** A request at the end of such a span was let pass. */
  notePassed(span: Span): void {
    const slope = this.#slopeOf(span);
    if (!(slope > this.#passed)) return;
    this.#passed = slope;
    if (slope > CONFIRMED * this.#tried) this.#tried *= FASTER;
  }

  /** It was blocked. Says whether that told the rate. */
  noteBlocked(span: Span): boolean {
    const allowance = this.#allowance;
    if (!allowance) {
      if (this.#blocks.length >= MAX_READINGS) this.#blocks.shift();
      this.#blocks.push(span);
      return false;
    }
    if (
      this.#readings.length === 0 &&
      span.uses < SHORTER * allowance.uses &&
      span.secs < allowance.secs
    )
      this.#shorten(span);
    const secs = span.secs - allowance.secs;
    if (secs < Math.max(LEAST_SECS, 1.5 * allowance.secs)) return false;
    const reading = (span.uses - allowance.uses) / secs;
    if (reading < FAR_BELOW * this.#tried && this.#readings.length === 0) {
      this.#tried = Math.max(SLOWER * this.#tried, Math.min(this.#tried, FASTER * this.#passed));
      return false;
    }
    if (this.#readings.length >= MAX_READINGS) this.#readings.shift();
    this.#readings.push(Math.max(0, reading));
    this.#isSure ||= this.#isAgreed();
    return true;
  }

  #isAgreed(): boolean {
    const last = this.#readings.slice(-SURE_READINGS);
    return (
      last.length === SURE_READINGS &&
      Math.max(...last) - Math.min(...last) <= SURE_SPREAD * this.limit
    );
  }

  /** The first blocks came so late that what they showed was no allowance. */
  #shorten(span: Span): void {
    this.#shorter.push(span);
    if (this.#shorter.length < ENOUGH_SHORTER) return;
    this.#allow(this.#shorter);
    this.#shorter.length = 0;
    this.#passed = 0;
  }

  #allow(blocks: readonly Span[]): void {
    const uses = quantileOf(
      blocks.map((block) => block.uses),
      MIDDLE,
    );
    const secs = quantileOf(
      blocks.map((block) => block.secs),
      MIDDLE,
    );
    this.#allowance = { uses, secs };
    this.#tried = (READABLE * uses) / this.#options.readingSecs;
  }

  #slopeOf({ uses, secs }: Span): number {
    const allowance = this.#allowance;
    if (!allowance || uses < READABLE * allowance.uses) return 0;
    const over = secs - allowance.secs;
    return over < LEAST_SECS ? 0 : (uses - allowance.uses) / over;
  }
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * share)] as number;
}
