import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { ColdState } from './cold-state.ts';
import { ObjectColumn } from './object-column.ts';
import type { SessionLimits } from './session-options.ts';
import {
  Float64Column,
  SlotMemory,
  Uint8Column,
  Uint16Column,
  Uint32Column,
} from './slot-memory.ts';

/** Bits of the `flags` column. */
export const FLAG_RETIRED = 1;
export const FLAG_COOLING = 2;
export const FLAG_HOT_DIRTY = 4;
export const FLAG_COLD_DIRTY = 8;
/** Has served a page at least once. */
export const FLAG_PROVEN = 16;
/** Its usage cap is reached; it retires when the pages in flight are done. */
export const FLAG_EXHAUSTED = 32;
/** Belongs to the pool: counted, listed, and lent. A session under construction does not. */
export const FLAG_ALIVE = 64;
/** The store has a row of it. */
export const FLAG_STORED = 128;
/** Its `initSession` has run; never again for this session, also after a restart. */
export const FLAG_INITIALIZED = 256;
/** A hook must make it fit before it may be lent. */
export const FLAG_UNFIT = 512;
/** Would be retired, but for the question whether it is to blame. */
export const FLAG_HELD = 1024;
/** Belongs to a hand whose store must hear of it first, before anything more goes out. */
export const FLAG_SUSPENDED = 2048;

const GENERATION_SHIFT = 12;

/** Smaller than doubling: at a million sessions the unused part of the columns matters. */
const GROWTH = 1.5;

/** Leases that can be open on one session at once, whatever its `maxConcurrency`. */
export const MAX_IN_FLIGHT = 0xffff;

/**
 * The state of all sessions: numbers side by side in raw memory, things in columns of their own. A million
 * sessions are a few large arrays and not ten million objects.
 */
export class SlotTable {
  readonly #memory: SlotMemory;
  // What a use reads and writes comes first, so that it falls into one cache line.
  readonly errorScore: Float64Column;
  readonly lastUsedAt: Float64Column;
  /** Nothing goes out before this time: a cooldown or the pause of `minIntervalSecs`. */
  readonly readyAt: Float64Column;
  readonly usageCount: Uint32Column;
  /** Bits, and above them how often the slot has changed hands; see `generationOf`. */
  readonly flags: Uint32Column;
  /** Open leases. */
  readonly inFlight: Uint16Column;
  /** Open leases on which the user has not given a verdict. */
  readonly unjudged: Uint16Column;
  readonly cooldownStep: Uint8Column;
  /** In a row. */
  readonly proxyFailures: Uint8Column;
  /** Index into the reasons of retirement, plus one. */
  readonly retiredReason: Uint8Column;
  /** When the present cooldown step began; a throttled answer to an older lease is the same event. */
  readonly cooldownFrom: Float64Column;
  readonly createdAt: Float64Column;
  readonly expiresAt: Float64Column;
  /** Index into the fingerprints. */
  #fingerprint: Uint16Array;

  readonly ids: string[] = [];
  readonly limits: SessionLimits[] = [];
  /** URL of the last lease, for cookies asked for without one; means nothing unless a lease is open. */
  readonly leaseUrls: ObjectColumn<string> = new ObjectColumn();
  /** Only once it has cookies or user data of its own. */
  readonly cold: ObjectColumn<ColdState> = new ObjectColumn();
  readonly proxies: ObjectColumn<ProxyInfo> = new ObjectColumn();
  /** The `sessionKey`s that mean this session. */
  readonly keys: ObjectColumn<readonly string[]> = new ObjectColumn();
  readonly #fingerprints: Fingerprint[] = [];
  readonly #fingerprintIndex = new Map<string, number>();
  readonly #free: number[] = [];
  #used = 0;

  constructor(capacity = 16) {
    const memory = new SlotMemory(capacity);
    this.#memory = memory;
    this.errorScore = new Float64Column(memory, 0);
    this.lastUsedAt = new Float64Column(memory, 8);
    this.readyAt = new Float64Column(memory, 16);
    this.usageCount = new Uint32Column(memory, 24);
    this.flags = new Uint32Column(memory, 28);
    this.inFlight = new Uint16Column(memory, 32);
    this.unjudged = new Uint16Column(memory, 34);
    this.cooldownStep = new Uint8Column(memory, 36);
    this.proxyFailures = new Uint8Column(memory, 37);
    this.retiredReason = new Uint8Column(memory, 38);
    this.cooldownFrom = new Float64Column(memory, 40);
    this.createdAt = new Float64Column(memory, 48);
    this.expiresAt = new Float64Column(memory, 56);
    this.#fingerprint = new Uint16Array(capacity);
  }

  /** A slot with every number zero, its generation aside. */
  allocate(id: string, limits: SessionLimits): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot === this.#memory.capacity) this.#grow();
    this.ids[slot] = id;
    this.limits[slot] = limits;
    return slot;
  }

  free(slot: number): void {
    const generation = this.generationOf(slot);
    this.#memory.clear(slot);
    this.flags.set(slot, (generation + 1) << GENERATION_SHIFT);
    this.ids[slot] = '';
    this.leaseUrls.clear(slot);
    this.cold.clear(slot);
    this.proxies.clear(slot);
    this.keys.clear(slot);
    this.#free.push(slot);
  }

  /** Tells the sessions apart that have had the slot one after the other. In a column that is read anyway, so it costs no cache miss. */
  generationOf(slot: number): number {
    return this.flags.get(slot) >>> GENERATION_SHIFT;
  }

  /** Fingerprints are few and shared: a slot holds a number. */
  setFingerprint(slot: number, fingerprint: Fingerprint): void {
    this.#fingerprint[slot] = this.#interned(fingerprint);
  }

  fingerprintOf(slot: number): Fingerprint {
    return this.#fingerprints[this.#fingerprint[slot] as number] as Fingerprint;
  }

  #interned(fingerprint: Fingerprint): number {
    // The common ones are shared objects: found without making a key.
    for (let index = 0; index < this.#fingerprints.length && index < 8; index++) {
      if (this.#fingerprints[index] === fingerprint) return index;
    }
    const key = `${fingerprint.browser}/${fingerprint.platform}/${fingerprint.locale}`;
    let index = this.#fingerprintIndex.get(key);
    if (index === undefined) {
      index = this.#fingerprints.push(frozen(fingerprint)) - 1;
      this.#fingerprintIndex.set(key, index);
    }
    return index;
  }

  #grow(): void {
    const capacity = Math.ceil(this.#memory.capacity * GROWTH) + 1;
    this.#memory.reserve(capacity);
    this.#fingerprint = grown(this.#fingerprint, new Uint16Array(capacity));
  }
}

/** Copies a column into a larger one. */
export function grown<Column extends { set(source: Column): void }>(
  column: Column,
  larger: Column,
): Column {
  larger.set(column);
  return larger;
}

function frozen(fingerprint: Fingerprint): Fingerprint {
  return Object.isFrozen(fingerprint) ? fingerprint : Object.freeze({ ...fingerprint });
}
