import { ClosedError } from '../../core/errors.ts';

/** Shared by a memory storage and the stores it opened: once closed, all of them refuse. */
export class Lifetime {
  #isClosed = false;

  close(): void {
    this.#isClosed = true;
  }

  /** @throws ClosedError after {@link close} */
  assertOpen(): void {
    if (this.#isClosed) throw new ClosedError('The storage');
  }
}
