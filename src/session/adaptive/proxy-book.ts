import {
  Float64Column,
  SlotMemory,
  Uint8Column,
  Uint16Column,
  Uint32Column,
} from '../slot-memory.ts';
import { grown } from '../slot-table.ts';
import { NetworkNumbers } from './network-numbers.ts';
import { SlotChains } from './slot-chains.ts';

const FIRST_CAPACITY = 64;
/** All sessions without a proxy go out from one address. */
const DIRECT = '';

/** Who is told of addresses that come and go. */
export interface ProxyWatcher {
  onAdded(proxy: number): void;
  onForgotten(proxy: number): void;
}

/**
 * The addresses of the pool: what each came to as a proxy, and which of its sessions are ready. An address enters
 * with its first session and is kept while it has one, and a bounded number of them afterwards.
 */
export class ProxyBook {
  readonly #memory = new SlotMemory(FIRST_CAPACITY);
  // What a pick reads comes first.
  /** Successes and failures of late. */
  readonly good: Float64Column = new Float64Column(this.#memory, 0);
  readonly bad: Float64Column = new Float64Column(this.#memory, 8);
  /** As of when: evidence decays from here on. */
  readonly evidenceAt: Float64Column = new Float64Column(this.#memory, 16);
  /** Not to be used before: it failed. */
  readonly restsUntil: Float64Column = new Float64Column(this.#memory, 24);
  /** The pair it was last used in, and the serial of its origin: 0 when the pair is no longer remembered. */
  readonly lastPair: Uint32Column = new Uint32Column(this.#memory, 32);
  readonly lastOrigin: Uint32Column = new Uint32Column(this.#memory, 36);
  /** Of its pairs that are remembered. */
  readonly pairCount: Uint32Column = new Uint32Column(this.#memory, 40);
  readonly inFlight: Uint16Column = new Uint16Column(this.#memory, 44);
  readonly failuresInRow: Uint8Column = new Uint8Column(this.#memory, 46);
  /** 1 when something came back through it: nobody knows yet whether any other answers at all. */
  readonly isProven: Uint8Column = new Uint8Column(this.#memory, 47);
  readonly restsFrom: Float64Column = new Float64Column(this.#memory, 48);
  readonly #sessions: Uint32Column = new Uint32Column(this.#memory, 56);
  readonly #serials: Uint32Column = new Uint32Column(this.#memory, 60);

  /** Number of its /24 among those of which something came back, plus one; 0 before. */
  readonly #networks: number[] = [];
  readonly #networkNumbers = new NetworkNumbers();
  readonly #maxIdle: number;
  readonly #keys: string[] = [];
  readonly #indexOfKey = new Map<string, number>();
  readonly #free: number[] = [];
  /** Without a session, the one given up longest ago first. */
  readonly #idle = new Set<number>();
  #isAnyProven = false;
  readonly #readySlots = new SlotChains();
  /** Index of a slot's proxy, plus one; 0 while it is not known. */
  #ofSlot: Int32Array = new Int32Array(FIRST_CAPACITY);
  #nextSerial = 1;
  #watcher: ProxyWatcher | undefined;

  constructor(maxIdle: number) {
    this.#maxIdle = maxIdle;
  }

  /** Addresses remembered. */
  get size(): number {
    return this.#indexOfKey.size;
  }

  /** Addresses that a session of the pool has. */
  get liveCount(): number {
    return this.#indexOfKey.size - this.#idle.size;
  }

  /** Never given to another proxy, as an index may be. */
  serialOf(proxy: number): number {
    return this.#serials.get(proxy);
  }

  /** Something came back through one of them at least. */
  get isAnyProven(): boolean {
    return this.#isAnyProven;
  }

  /**
   * Something came back through it. Those that failed while it was open whether any proxy answers rest so many times as
   * long once the first one does.
   */
  prove(proxy: number, strangerFactor: number): void {
    if (this.#networks[proxy] === 0) {
      this.#networks[proxy] = 1 + this.#networkNumbers.of(this.#keys[proxy] as string);
    }
    this.isProven.set(proxy, 1);
    if (this.#isAnyProven) return;
    this.#isAnyProven = true;
    for (const index of this.#indexOfKey.values()) {
      if (this.failuresInRow.get(index) === 0 || this.isProven.get(index) === 1) continue;
      const from = this.restsFrom.get(index);
      this.restsUntil.set(index, from + strangerFactor * (this.restsUntil.get(index) - from));
    }
  }

  /** Of the proxy's /24; those that answered first have the lowest numbers. 0 before it has. */
  networkOf(proxy: number): number {
    return Math.max(0, (this.#networks[proxy] as number) - 1);
  }

  urlOf(proxy: number): string {
    return this.#keys[proxy] as string;
  }

  isDirect(proxy: number): boolean {
    return this.#keys[proxy] === DIRECT;
  }

  /** -1 for a slot that has not entered. */
  of(slot: number): number {
    return slot < this.#ofSlot.length ? (this.#ofSlot[slot] as number) - 1 : -1;
  }

  /** Tells of those that are known, and of all that come. */
  watch(watcher: ProxyWatcher): void {
    this.#watcher = watcher;
    for (const proxy of this.#indexOfKey.values()) watcher.onAdded(proxy);
  }

  /** A session enters, with the URL of its proxy. */
  enter(slot: number, url: string | undefined): void {
    const key = url ?? DIRECT;
    this.#bind(slot, this.#indexOfKey.get(key) ?? this.#add(key));
  }

  /** The session has left the pool. */
  leave(slot: number): void {
    const proxy = this.of(slot);
    if (proxy === -1) return;
    this.#readySlots.remove(slot);
    this.#ofSlot[slot] = 0;
    const left = this.#sessions.get(proxy) - 1;
    this.#sessions.set(proxy, left);
    if (left > 0) return;
    this.#idle.add(proxy);
    if (this.#idle.size > this.#maxIdle) this.#forget(this.#idle.values().next().value as number);
  }

  noteReady(slot: number): void {
    this.#readySlots.push(this.of(slot), slot);
  }

  noteTaken(slot: number): void {
    this.#readySlots.remove(slot);
  }

  /** The session of the proxy that has been ready longest, -1 when none is. */
  readySlotOf(proxy: number): number {
    return this.#readySlots.first(proxy);
  }

  #bind(slot: number, proxy: number): void {
    if (slot >= this.#ofSlot.length) {
      const capacity = Math.max(slot + 1, Math.ceil(this.#ofSlot.length * 1.5));
      this.#ofSlot = grown(this.#ofSlot, new Int32Array(capacity));
    }
    this.#ofSlot[slot] = proxy + 1;
    this.#sessions.set(proxy, this.#sessions.get(proxy) + 1);
    this.#idle.delete(proxy);
  }

  #add(key: string): number {
    const proxy = this.#free.pop() ?? this.#keys.length;
    if (proxy === this.#memory.capacity) this.#memory.reserve(proxy * 2);
    this.#keys[proxy] = key;
    this.#networks[proxy] = 0;
    this.#indexOfKey.set(key, proxy);
    this.#serials.set(proxy, this.#nextSerial++);
    this.#watcher?.onAdded(proxy);
    return proxy;
  }

  #forget(proxy: number): void {
    this.#watcher?.onForgotten(proxy);
    this.#idle.delete(proxy);
    this.#indexOfKey.delete(this.#keys[proxy] as string);
    this.#keys[proxy] = '';
    this.#memory.clear(proxy);
    this.#free.push(proxy);
  }
}
