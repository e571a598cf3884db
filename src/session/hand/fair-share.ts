/** How many of a pool's sessions a worker may count on, going by the latest news. */
export class FairShare {
  readonly #maxPoolSize: number;
  #handsCount = 1;
  #poolSize = 0;

  constructor(maxPoolSize: number) {
    this.#maxPoolSize = maxPoolSize;
  }

  note(handsCount: number, poolSize: number): void {
    this.#handsCount = Math.max(1, handsCount);
    this.#poolSize = poolSize;
  }

  /** Live hands, this one included. */
  get handsCount(): number {
    return this.#handsCount;
  }

  /** Sessions alive, in all hands and in none. */
  get poolSize(): number {
    return this.#poolSize;
  }

  /** A hand grows no further. */
  most(canGrow: boolean): number {
    return Math.ceil(this.#capacity(canGrow) / this.#handsCount);
  }

  /** What a worker keeps, though others want more; 0 where the pool is smaller than the fleet. */
  least(canGrow: boolean): number {
    return Math.floor(this.#capacity(canGrow) / this.#handsCount);
  }

  /** Where no further session can be made, the pool is what it is. */
  #capacity(canGrow: boolean): number {
    return canGrow ? Math.max(this.#maxPoolSize, this.#poolSize) : this.#poolSize;
  }
}
