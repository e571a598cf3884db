/** Lets one loop wait until somebody tells it to look again. A call while nobody waits is not lost. */
export class Wake {
  #isCalled = false;
  #resolve: (() => void) | undefined;

  /** Resolves at the next call, or at once when there was one since the last wait. */
  wait(): Promise<void> {
    if (this.#isCalled) {
      this.#isCalled = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  call(): void {
    const resolve = this.#resolve;
    if (!resolve) {
      this.#isCalled = true;
      return;
    }
    this.#resolve = undefined;
    resolve();
  }
}
