import {
  Float64Column,
  SlotMemory,
  Uint8Column,
  Uint16Column,
  Uint32Column,
} from '../slot-memory.ts';
import { grown } from '../slot-table.ts';
import { SlotChains } from './slot-chains.ts';

const FIRST_CAPACITY = 64;
/** All pairs stand in one list, the one used longest ago first. */
const BY_AGE = 0;

/**
 * What is known of addresses on origins, a row for each pair that has been used, found by the two numbers of the pair.
 * A bounded number of rows: the one used longest ago makes room. What a pick reads lies in one cache line.
 */
export class PairTable {
  readonly #hot = new SlotMemory(FIRST_CAPACITY);
  readonly #cold = new SlotMemory(FIRST_CAPACITY);
  /** Successes and failures of late. */
  readonly good: Float64Column = new Float64Column(this.#hot, 0);
  readonly bad: Float64Column = new Float64Column(this.#hot, 8);
  /** As of when: evidence decays from here on. */
  readonly evidenceAt: Float64Column = new Float64Column(this.#hot, 16);
  /** Not to be used before: its pace, or a rest. */
  readonly dueAt: Float64Column = new Float64Column(this.#hot, 24);
  /** Recent uses, as of `usedAt`. */
  readonly uses: Float64Column = new Float64Column(this.#hot, 32);
  readonly usedAt: Float64Column = new Float64Column(this.#hot, 40);
  /** 0 while nothing is known; a mean, see `latencies.ts`. */
  readonly latencyMs: Uint32Column = new Uint32Column(this.#hot, 48);
  readonly inFlight: Uint16Column = new Uint16Column(this.#hot, 52);
  readonly blocksInRow: Uint8Column = new Uint8Column(this.#hot, 54);
  readonly throttlesInRow: Uint8Column = new Uint8Column(this.#hot, 55);
  /** What it does for the others, see `Roles`; 0 before its first success. */
  readonly role: Uint8Column = new Uint8Column(this.#hot, 56);
  /** Of its network's span, in which it was last counted, see `NetworkSpans`. */
  readonly round: Uint8Column = new Uint8Column(this.#hot, 57);
  /** By pace alone. */
  readonly pacedUntil: Float64Column = new Float64Column(this.#cold, 0);
  /** By a rest alone. */
  readonly restsUntil: Float64Column = new Float64Column(this.#cold, 8);
  /** When the present rest began; what was sent before belongs to the same event. */
  readonly restsFrom: Float64Column = new Float64Column(this.#cold, 16);
  readonly goodSinceBlock: Uint16Column = new Uint16Column(this.#cold, 52);
  /** Requests since it was last as good as new to the origin, and from when on. */
  readonly spanUses: Uint16Column = new Uint16Column(this.#cold, 54);
  readonly spanFrom: Float64Column = new Float64Column(this.#cold, 32);
  /** When it was first used, in whole seconds. */
  readonly firstUsedSecs: Uint32Column = new Uint32Column(this.#cold, 28);
  /** The window in which it was last counted as active. */
  readonly activeWindow: Uint32Column = new Uint32Column(this.#cold, 24);
  /** When it was shut out first since its last success; 0 while it is let in. */
  readonly lostFrom: Float64Column = new Float64Column(this.#cold, 56);
  /** 1 when the next result tells whether a block sticks. */
  readonly isRetry: Uint8Column = new Uint8Column(this.#cold, 48);
  /** 1 when it was blocked last, on a URL that others are blocked on. */
  readonly isSpared: Uint8Column = new Uint8Column(this.#cold, 49);
  /** Answers that went into the mean latency. */
  readonly latencyCount: Uint8Column = new Uint8Column(this.#cold, 50);
  /** 429s that may yet lead to a ban, see `Strikes`. */
  readonly throttlesLately: Uint8Column = new Uint8Column(this.#cold, 51);
  readonly proxy: Uint32Column = new Uint32Column(this.#cold, 40);
  /** The list of its origin's pairs that are due. */
  readonly dueChain: Uint32Column = new Uint32Column(this.#cold, 44);

  readonly #maxRows: number;
  readonly #onEvicted: (pair: number) => void;
  readonly #ages = new SlotChains();
  readonly #free: number[] = [];
  #proxySerials: Int32Array = new Int32Array(FIRST_CAPACITY);
  #originSerials: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Row plus one; open addressing with linear probing. */
  #buckets: Int32Array = new Int32Array(FIRST_CAPACITY * 2);
  /** Row 0 is nobody's: it stands for none where a row is remembered elsewhere. */
  #used = 1;
  #size = 0;

  constructor(maxRows: number, onEvicted: (pair: number) => void) {
    this.#maxRows = maxRows;
    this.#onEvicted = onEvicted;
  }

  get size(): number {
    return this.#size;
  }

  originSerialOf(pair: number): number {
    return this.#originSerials[pair] as number;
  }

  proxySerialOf(pair: number): number {
    return this.#proxySerials[pair] as number;
  }

  /** -1 when the address has not been used on the origin, or not lately. */
  find(proxySerial: number, originSerial: number): number {
    const mask = this.#buckets.length - 1;
    for (let at = hashOf(proxySerial, originSerial) & mask; ; at = (at + 1) & mask) {
      const row = (this.#buckets[at] as number) - 1;
      if (row === -1) return -1;
      if (this.#proxySerials[row] === proxySerial && this.#originSerials[row] === originSerial) {
        return row;
      }
    }
  }

  /** The row of a pair that `find` does not know, every number zero. */
  add(proxySerial: number, originSerial: number): number {
    if (this.#size >= this.#maxRows) this.#evictOldest();
    const row = this.#free.pop() ?? this.#used++;
    if (row === this.#hot.capacity) this.#grow();
    this.#proxySerials[row] = proxySerial;
    this.#originSerials[row] = originSerial;
    this.#insert(row);
    this.#size++;
    this.#ages.push(BY_AGE, row);
    return row;
  }

  /** It is used now. */
  touch(pair: number): void {
    this.#ages.push(BY_AGE, pair);
  }

  /** Rows in use stay: their leases will come back to them. */
  #evictOldest(): void {
    let row = this.#ages.first(BY_AGE);
    while (row !== -1 && this.inFlight.get(row) > 0) row = this.#ages.after(row);
    if (row === -1) return;
    this.#onEvicted(row);
    this.#ages.remove(row);
    this.#delete(row);
    this.#proxySerials[row] = 0;
    this.#originSerials[row] = 0;
    this.#hot.clear(row);
    this.#cold.clear(row);
    this.#free.push(row);
    this.#size--;
  }

  #insert(row: number): void {
    const mask = this.#buckets.length - 1;
    let at = this.#homeOf(row, mask);
    while (this.#buckets[at] !== 0) at = (at + 1) & mask;
    this.#buckets[at] = row + 1;
  }

  /** Those behind it move up, so that no search ends too early. */
  #delete(row: number): void {
    const mask = this.#buckets.length - 1;
    let hole = this.#homeOf(row, mask);
    while (this.#buckets[hole] !== row + 1) hole = (hole + 1) & mask;
    for (let at = (hole + 1) & mask; this.#buckets[at] !== 0; at = (at + 1) & mask) {
      const home = this.#homeOf((this.#buckets[at] as number) - 1, mask);
      if (((at - home) & mask) < ((at - hole) & mask)) continue;
      this.#buckets[hole] = this.#buckets[at] as number;
      hole = at;
    }
    this.#buckets[hole] = 0;
  }

  #homeOf(row: number, mask: number): number {
    return hashOf(this.#proxySerials[row] as number, this.#originSerials[row] as number) & mask;
  }

  #grow(): void {
    const capacity = this.#hot.capacity * 2;
    this.#hot.reserve(capacity);
    this.#cold.reserve(capacity);
    this.#proxySerials = grown(this.#proxySerials, new Int32Array(capacity));
    this.#originSerials = grown(this.#originSerials, new Int32Array(capacity));
    const rows = this.#buckets.filter((bucket) => bucket !== 0);
    this.#buckets = new Int32Array(capacity * 2);
    for (const bucket of rows) this.#insert(bucket - 1);
  }
}

function hashOf(proxySerial: number, originSerial: number): number {
  let hash = Math.imul(proxySerial, 0x9e3779b1) ^ Math.imul(originSerial, 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return hash ^ (hash >>> 13);
}
