/**
 * A column of things that most slots do not have, such as cookies. It takes memory only as far as the
 * last slot that ever had one, and is filled in order: an array with gaps would turn into a slow hash table.
 */
export class ObjectColumn<T> {
  readonly #values: (T | undefined)[] = [];

  get(slot: number): T | undefined {
    return slot < this.#values.length ? this.#values[slot] : undefined;
  }

  set(slot: number, value: T): void {
    while (this.#values.length < slot) this.#values.push(undefined);
    this.#values[slot] = value;
  }

  clear(slot: number): void {
    if (slot < this.#values.length) this.#values[slot] = undefined;
  }
}
