/** Knowing nothing weighs as much as so many. */
const PRIOR = 4;
/** Older ones than the last so many are forgotten. */
const MEMORY = 50;

/** How likely it is that what went wrong goes wrong again at the next try; one half while nothing is known. */
export class Stickiness {
  #stuck = 0;
  #tries = 0;

  get share(): number {
    return (this.#stuck + PRIOR / 2) / (this.#tries + PRIOR);
  }

  /** What the next try came to. */
  note(isStuck: boolean): void {
    if (this.#tries >= MEMORY) {
      this.#stuck *= 1 - 1 / MEMORY;
      this.#tries *= 1 - 1 / MEMORY;
    }
    this.#tries++;
    if (isStuck) this.#stuck++;
  }
}
