import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { ColdState } from './cold-state.ts';
import { ObjectColumn } from './object-column.ts';
import type { SessionLimits } from './session-options.ts';

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

const GENERATION_SHIFT = 10;

/** Smaller than doubling: at a million sessions the unused part of the columns matters. */
const GROWTH = 1.5;

/**
 * The state of all sessions, one column per field, indexed by slot. A million sessions are a dozen
 * arrays and not ten million objects. Columns are replaced when the table grows: never keep one.
 */
export class SlotTable {
  usageCount: Uint32Array;
  errorScore: Float64Array;
  createdAt: Float64Array;
  expiresAt: Float64Array;
  lastUsedAt: Float64Array;
  /** Nothing goes out before this time: a cooldown or the pause of `minIntervalSecs`. */
  readyAt: Float64Array;
  /** When the present cooldown step began; a throttled answer to an older lease is the same event. */
  cooldownFrom: Float64Array;
  cooldownStep: Uint8Array;
  /** Open leases. */
  inFlight: Uint32Array;
  /** Open leases on which the user has not given a verdict. */
  unjudged: Uint32Array;
  /** In a row. */
  proxyFailures: Uint8Array;
  /** Bits, and above them how often the slot has changed hands; see `generationOf`. */
  flags: Uint32Array;
  /** Index into the reasons of retirement, plus one. */
  retiredReason: Uint8Array;
  /** Index into `fingerprints`. */
  fingerprint: Uint16Array;

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
  #capacity: number;
  #used = 0;

  constructor(capacity = 16) {
    this.#capacity = capacity;
    this.usageCount = new Uint32Array(capacity);
    this.errorScore = new Float64Array(capacity);
    this.createdAt = new Float64Array(capacity);
    this.expiresAt = new Float64Array(capacity);
    this.lastUsedAt = new Float64Array(capacity);
    this.readyAt = new Float64Array(capacity);
    this.cooldownFrom = new Float64Array(capacity);
    this.cooldownStep = new Uint8Array(capacity);
    this.inFlight = new Uint32Array(capacity);
    this.unjudged = new Uint32Array(capacity);
    this.proxyFailures = new Uint8Array(capacity);
    this.flags = new Uint32Array(capacity);
    this.retiredReason = new Uint8Array(capacity);
    this.fingerprint = new Uint16Array(capacity);
  }

  get capacity(): number {
    return this.#capacity;
  }

  /** A slot with every column zero. */
  allocate(id: string, limits: SessionLimits): number {
    const slot = this.#free.pop() ?? this.#used++;
    if (slot === this.#capacity) this.#grow();
    this.ids[slot] = id;
    this.limits[slot] = limits;
    return slot;
  }

  free(slot: number): void {
    this.usageCount[slot] = 0;
    this.errorScore[slot] = 0;
    this.lastUsedAt[slot] = 0;
    this.readyAt[slot] = 0;
    this.cooldownFrom[slot] = 0;
    this.cooldownStep[slot] = 0;
    this.inFlight[slot] = 0;
    this.unjudged[slot] = 0;
    this.proxyFailures[slot] = 0;
    this.flags[slot] = (this.generationOf(slot) + 1) << GENERATION_SHIFT;
    this.retiredReason[slot] = 0;
    this.ids[slot] = '';
    this.leaseUrls.clear(slot);
    this.cold.clear(slot);
    this.proxies.clear(slot);
    this.keys.clear(slot);
    this.#free.push(slot);
  }

  /** Tells the sessions apart that have had the slot one after the other. In a column that is read anyway, so it costs no cache miss. */
  generationOf(slot: number): number {
    return (this.flags[slot] as number) >>> GENERATION_SHIFT;
  }

  /** Fingerprints are few and shared: a slot holds a number. */
  internFingerprint(fingerprint: Fingerprint): number {
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

  fingerprintOf(slot: number): Fingerprint {
    return this.#fingerprints[this.fingerprint[slot] as number] as Fingerprint;
  }

  #grow(): void {
    const capacity = Math.ceil(this.#capacity * GROWTH) + 1;
    this.usageCount = grown(this.usageCount, new Uint32Array(capacity));
    this.errorScore = grown(this.errorScore, new Float64Array(capacity));
    this.createdAt = grown(this.createdAt, new Float64Array(capacity));
    this.expiresAt = grown(this.expiresAt, new Float64Array(capacity));
    this.lastUsedAt = grown(this.lastUsedAt, new Float64Array(capacity));
    this.readyAt = grown(this.readyAt, new Float64Array(capacity));
    this.cooldownFrom = grown(this.cooldownFrom, new Float64Array(capacity));
    this.cooldownStep = grown(this.cooldownStep, new Uint8Array(capacity));
    this.inFlight = grown(this.inFlight, new Uint32Array(capacity));
    this.unjudged = grown(this.unjudged, new Uint32Array(capacity));
    this.proxyFailures = grown(this.proxyFailures, new Uint8Array(capacity));
    this.flags = grown(this.flags, new Uint32Array(capacity));
    this.retiredReason = grown(this.retiredReason, new Uint8Array(capacity));
    this.fingerprint = grown(this.fingerprint, new Uint16Array(capacity));
    this.#capacity = capacity;
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
