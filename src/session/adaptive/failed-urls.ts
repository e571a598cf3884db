const MAX_URLS = 10_000;

/**
 * URLs whose last request failed. One that fails again tells of itself rather than of its origin: pages that are broken
 * for good are all that is left at the end of many crawls. Bounded, the one that failed longest ago goes first.
 */
export class FailedUrls {
  readonly #urls = new Set<string>();

  /** It has failed. Says whether it had failed before. */
  note(url: string): boolean {
    if (this.#urls.delete(url)) {
      this.#urls.add(url);
      return true;
    }
    if (this.#urls.size >= MAX_URLS) this.#urls.delete(this.#urls.values().next().value as string);
    this.#urls.add(url);
    return false;
  }

  /** It has been answered. */
  clear(url: string): void {
    if (this.#urls.size > 0) this.#urls.delete(url);
  }
}
