/** How fast tries form an opinion, and how long they last. */
export interface StickinessTerms {
  /** Knowing nothing weighs as much as so many tries. */
  readonly priorTries: number;
  /** Older ones than the last so many are forgotten. */
  readonly memory: number;
}

const USUAL: StickinessTerms = Object.freeze({ priorTries: 4, memory: 50 });

/** How likely it is that what went wrong goes wrong again at the next try; one half while nothing is known. */
export class Stickiness {
  readonly #terms: StickinessTerms;
  #stuck = 0;
  #tries = 0;

  constructor(terms: StickinessTerms = USUAL) {
    this.#terms = terms;
  }

  get share(): number {
    const { priorTries } = this.#terms;
    return (this.#stuck + priorTries / 2) / (this.#tries + priorTries);
  }

  /** Those that are not forgotten. */
  get tries(): number {
    return this.#tries;
  }

  /** What the next try came to. */
  note(isStuck: boolean): void {
    const { memory } = this.#terms;
    if (this.#tries >= memory) {
      this.#stuck *= 1 - 1 / memory;
      this.#tries *= 1 - 1 / memory;
    }
    this.#tries++;
    if (isStuck) this.#stuck++;
  }
}
