/** Bytes of one slot: a line of the processor's cache. */
const SLOT_BYTES = 64;

/**
 * Raw memory for slots in which the numbers of one slot stand side by side. With an array for each field, a
 * use of a session would wait for a dozen cache lines; here it waits for one.
 */
export class SlotMemory {
  float64: Float64Array = new Float64Array(0);
  uint32: Uint32Array = new Uint32Array(0);
  uint16: Uint16Array = new Uint16Array(0);
  uint8: Uint8Array = new Uint8Array(0);

  constructor(capacity: number) {
    this.reserve(capacity);
  }

  get capacity(): number {
    return this.uint8.length / SLOT_BYTES;
  }

  /** Makes room for so many slots, keeping what is there. */
  reserve(capacity: number): void {
    const bytes = new Uint8Array(capacity * SLOT_BYTES);
    bytes.set(this.uint8);
    this.uint8 = bytes;
    this.uint16 = new Uint16Array(bytes.buffer);
    this.uint32 = new Uint32Array(bytes.buffer);
    this.float64 = new Float64Array(bytes.buffer);
  }

  clear(slot: number): void {
    this.uint8.fill(0, slot * SLOT_BYTES, (slot + 1) * SLOT_BYTES);
  }
}

/** One field of every slot. */
export interface Column {
  get(slot: number): number;
  set(slot: number, value: number): void;
}

// A class for each width: a shared one would see four kinds of arrays, and be slow with all of them.

/** `byteOffset` is a multiple of the width, here and below. */
export class Float64Column implements Column {
  readonly #memory: SlotMemory;
  readonly #offset: number;

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#memory = memory;
    this.#offset = byteOffset / 8;
  }

  get(slot: number): number {
    return this.#memory.float64[slot * (SLOT_BYTES / 8) + this.#offset] as number;
  }

  set(slot: number, value: number): void {
    this.#memory.float64[slot * (SLOT_BYTES / 8) + this.#offset] = value;
  }
}

export class Uint32Column implements Column {
  readonly #memory: SlotMemory;
  readonly #offset: number;

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#memory = memory;
    this.#offset = byteOffset / 4;
  }

  get(slot: number): number {
    return this.#memory.uint32[slot * (SLOT_BYTES / 4) + this.#offset] as number;
  }

  set(slot: number, value: number): void {
    this.#memory.uint32[slot * (SLOT_BYTES / 4) + this.#offset] = value;
  }
}

export class Uint16Column implements Column {
  readonly #memory: SlotMemory;
  readonly #offset: number;

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#memory = memory;
    this.#offset = byteOffset / 2;
  }

  get(slot: number): number {
    return this.#memory.uint16[slot * (SLOT_BYTES / 2) + this.#offset] as number;
  }

  set(slot: number, value: number): void {
    this.#memory.uint16[slot * (SLOT_BYTES / 2) + this.#offset] = value;
  }
}

export class Uint8Column implements Column {
  readonly #memory: SlotMemory;
  readonly #offset: number;

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#memory = memory;
    this.#offset = byteOffset;
  }

  get(slot: number): number {
    return this.#memory.uint8[slot * SLOT_BYTES + this.#offset] as number;
  }

  set(slot: number, value: number): void {
    this.#memory.uint8[slot * SLOT_BYTES + this.#offset] = value;
  }
}
