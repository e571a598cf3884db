/** Sessions that somebody waits for without a lease, while another worker has them. */
export class SoughtSessions {
  readonly #byId = new Map<string, Set<Seeker>>();

  ids(): readonly string[] {
    return [...this.#byId.keys()];
  }

  /** Resolves once the session has come, or is known to be gone. */
  seek(id: string, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        signal?.removeEventListener('abort', abort);
        this.#remove(id, seeker);
        settle();
      };
      const seeker: Seeker = {
        resolve: () => end(resolve),
        reject: (error) => end(() => reject(error)),
      };
      const abort = (): void => seeker.reject(signal?.reason);
      if (signal?.aborted) {
        reject(signal.reason);
        return;
      }
      signal?.addEventListener('abort', abort);
      const seekers = this.#byId.get(id) ?? new Set();
      this.#byId.set(id, seekers.add(seeker));
    });
  }

  /** It has come, or is known to be gone. */
  settle(id: string): void {
    for (const seeker of this.#byId.get(id) ?? []) seeker.resolve();
  }

  /** Nobody gets what they wait for. */
  fail(error: unknown): void {
    for (const seekers of this.#byId.values()) {
      for (const seeker of seekers) seeker.reject(error);
    }
  }

  #remove(id: string, seeker: Seeker): void {
    const seekers = this.#byId.get(id);
    seekers?.delete(seeker);
    if (seekers?.size === 0) this.#byId.delete(id);
  }
}

interface Seeker {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}
