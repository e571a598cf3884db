/** Bytes of one slot: a line of the processor's cache. */
const SLOT_BYTES = 64;
/**
 * Left empty at the beginning. The C libraries of Linux keep 16 bytes of their own in front of a large block, which begins
 * with a page: so each slot falls into one line, and not into two.
 */
const LEAD_BYTES = 48;

/**
 * Raw memory for slots in which the numbers of one slot stand side by side. With an array for each field, a
 * use of a session would wait for a dozen cache lines; here it waits for one.
 */
export class SlotMemory {
  #bytes: Uint8Array<ArrayBuffer> = new Uint8Array(LEAD_BYTES);
  readonly #columns: MemoryColumn[] = [];

  constructor(capacity: number) {
    this.reserve(capacity);
  }

  get capacity(): number {
    return (this.#bytes.length - LEAD_BYTES) / SLOT_BYTES;
  }

  /** Shows a column where the memory is, now and whenever it moves. */
  attach(column: MemoryColumn): void {
    this.#columns.push(column);
    column.moveTo(this.#bytes.buffer);
  }

  /** Makes room for so many slots, keeping what is there. */
  reserve(capacity: number): void {
    const bytes = new Uint8Array(LEAD_BYTES + capacity * SLOT_BYTES);
    bytes.set(this.#bytes);
    this.#bytes = bytes;
    for (const column of this.#columns) column.moveTo(bytes.buffer);
  }

  clear(slot: number): void {
    const from = LEAD_BYTES + slot * SLOT_BYTES;
    this.#bytes.fill(0, from, from + SLOT_BYTES);
  }
}

interface MemoryColumn {
  moveTo(memory: ArrayBuffer): void;
}

/** One field of every slot. */
export interface Column {
  get(slot: number): number;
  set(slot: number, value: number): void;
}

// A class for each width: a shared one would see four kinds of arrays, and be slow with all of them. Each column has an
// array that begins with its own field: reading one is so little code that the engine never makes a call of it.

/** `byteOffset` is a multiple of the width, here and below. */
export class Float64Column implements Column {
  readonly #byteOffset: number;
  #values: Float64Array = new Float64Array(0);

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#byteOffset = byteOffset;
    memory.attach(this);
  }

  get(slot: number): number {
    return this.#values[slot * (SLOT_BYTES / 8)] as number;
  }

  set(slot: number, value: number): void {
    this.#values[slot * (SLOT_BYTES / 8)] = value;
  }

  moveTo(memory: ArrayBuffer): void {
    this.#values = new Float64Array(memory, LEAD_BYTES + this.#byteOffset);
  }
}

export class Uint32Column implements Column {
  readonly #byteOffset: number;
  #values: Uint32Array = new Uint32Array(0);

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#byteOffset = byteOffset;
    memory.attach(this);
  }

  get(slot: number): number {
    return this.#values[slot * (SLOT_BYTES / 4)] as number;
  }

  set(slot: number, value: number): void {
    this.#values[slot * (SLOT_BYTES / 4)] = value;
  }

  moveTo(memory: ArrayBuffer): void {
    this.#values = new Uint32Array(memory, LEAD_BYTES + this.#byteOffset);
  }
}

export class Uint16Column implements Column {
  readonly #byteOffset: number;
  #values: Uint16Array = new Uint16Array(0);

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#byteOffset = byteOffset;
    memory.attach(this);
  }

  get(slot: number): number {
    return this.#values[slot * (SLOT_BYTES / 2)] as number;
  }

  set(slot: number, value: number): void {
    this.#values[slot * (SLOT_BYTES / 2)] = value;
  }

  moveTo(memory: ArrayBuffer): void {
    this.#values = new Uint16Array(memory, LEAD_BYTES + this.#byteOffset);
  }
}

export class Uint8Column implements Column {
  readonly #byteOffset: number;
  #values: Uint8Array = new Uint8Array(0);

  constructor(memory: SlotMemory, byteOffset: number) {
    this.#byteOffset = byteOffset;
    memory.attach(this);
  }

  get(slot: number): number {
    return this.#values[slot * SLOT_BYTES] as number;
  }

  set(slot: number, value: number): void {
    this.#values[slot * SLOT_BYTES] = value;
  }

  moveTo(memory: ArrayBuffer): void {
    this.#values = new Uint8Array(memory, LEAD_BYTES + this.#byteOffset);
  }
}
