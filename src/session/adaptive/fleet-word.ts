/** Leases that wait for the word of the fleet look for it this often. */
const LOOK_EACH_MS = 250;
/** Who has asked within this still waits. */
const ASKED_LATELY_MS = 2000;

export interface FleetWordNews {
  readonly isDown: boolean;
  /** The probe that this worker may send; 0 for none. */
  readonly probe: number;
  readonly handsCount: number;
}

/**
 * What all workers of a pool say of one origin. While they say that it is down, a probe needs leave: one at a time goes
 * out for all of them. A worker that is alone probes as it likes.
 */
export class FleetWord {
  #isDown = false;
  #probe = 0;
  #mayProbe = false;
  #askedAt = Number.NEGATIVE_INFINITY;
  #handsCount = 1;

  get isDown(): boolean {
    return this.#isDown;
  }

  get handsCount(): number {
    return this.#handsCount;
  }

  isAsked(now: number): boolean {
    return now - this.#askedAt <= ASKED_LATELY_MS;
  }

  /** Returns whether they have just found that it answers again. */
  hear({ isDown, probe, handsCount }: FleetWordNews): boolean {
    const wasDown = this.#isDown;
    this.#handsCount = Math.max(1, handsCount);
    this.#isDown = isDown && handsCount > 1;
    if (probe === 0 || !this.#isDown) this.#mayProbe = false;
    else if (probe !== this.#probe) this.#mayProbe = true;
    this.#probe = probe;
    return wasDown && !isDown;
  }

  /**
   * @param ownAt when it might be probed if nobody else did, 0 for now
   * @param isAnswering whoever had an answer goes on without asking for leave
   */
  refusesUntil(now: number, ownAt: number, isAnswering: boolean): number {
    this.#askedAt = now;
    if (!this.#isDown || isAnswering) return ownAt;
    return this.#mayProbe ? 0 : now + LOOK_EACH_MS;
  }

  noteProbe(): void {
    this.#mayProbe = false;
  }
}
