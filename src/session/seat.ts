import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { ColdState } from './cold-state.ts';
import type { FinalState, ReadableColumn } from './final-state.ts';
import type { LateMark, Ledger } from './ledger.ts';
import type { RetiredReason } from './outcome.ts';
import type { SessionLimits } from './session-options.ts';
import { FLAG_HELD, FLAG_RETIRED } from './slot-table.ts';

/**
 * Where a session's state stands: a slot of a ledger's table, or, after the slot was freed, a copy.
 * A `Session` holds its seat; the pool moves the seat, so a handle kept by a user never shows another session.
 */
export class Seat {
  ledger: Ledger;
  slot: number;
  #final: FinalState | undefined;

  constructor(ledger: Ledger, slot: number) {
    this.ledger = ledger;
    this.slot = slot;
  }

  get id(): string {
    return this.#final ? this.#final.id : (this.ledger.table.ids[this.slot] as string);
  }

  get proxy(): ProxyInfo | null {
    return this.#final ? this.#final.proxy : (this.ledger.table.proxies.get(this.slot) ?? null);
  }

  get fingerprint(): Fingerprint {
    return this.#final ? this.#final.fingerprint : this.ledger.table.fingerprintOf(this.slot);
  }

  get limits(): SessionLimits {
    return this.#final
      ? this.#final.limits
      : (this.ledger.table.limits[this.slot] as SessionLimits);
  }

  get cold(): ColdState | undefined {
    return this.#final ? this.#final.cold : this.ledger.table.cold.get(this.slot);
  }

  /** Set aside until it is settled who is to blame. */
  get isHeld(): boolean {
    return !this.#final && (this.ledger.table.flags.get(this.slot) & FLAG_HELD) !== 0;
  }

  /** It lives on in another's hand, or in none. */
  get isElsewhere(): boolean {
    if (this.read('retiredReason') !== 0) return false;
    return !!this.#final || (this.ledger.table.flags.get(this.slot) & FLAG_RETIRED) !== 0;
  }

  get leaseUrl(): string | undefined {
    if (this.#final || this.ledger.table.inFlight.get(this.slot) === 0) return undefined;
    return this.ledger.table.leaseUrls.get(this.slot);
  }

  get userData(): Record<string, unknown> {
    const cold = this.ensureCold();
    cold.userData ??=
      cold.userDataJson === undefined
        ? this.ledger.freshUserData()
        : (JSON.parse(cold.userDataJson) as Record<string, unknown>);
    return cold.userData;
  }

  read(column: ReadableColumn): number {
    return this.#final ? this.#final[column] : this.ledger.table[column].get(this.slot);
  }

  ensureCold(): ColdState {
    const existing = this.cold;
    if (existing) return existing;
    const made = new ColdState();
    if (this.#final) this.#final.cold = made;
    else this.ledger.table.cold.set(this.slot, made);
    return made;
  }

  noteCold(): void {
    if (!this.#final) this.ledger.noteCold(this.slot);
  }

  markGood(): void {
    if (this.isElsewhere) this.#markLate('good');
    else if (!this.#final) this.ledger.markGood(this.slot);
  }

  markBad(): void {
    if (this.isElsewhere) this.#markLate('bad');
    else if (!this.#final) this.ledger.markBad(this.slot);
  }

  retire(reason: RetiredReason, status = 0): void {
    if (this.isElsewhere) this.#markLate(reason);
    else if (!this.#final) this.ledger.retire(this.slot, reason, status);
  }

  /** The state has been copied into another ledger's slot. */
  moveTo(ledger: Ledger, slot: number): void {
    this.ledger = ledger;
    this.slot = slot;
  }

  /** The slot is about to be given to another session. */
  leave(final: FinalState): void {
    final.cold = this.cold;
    this.#final = final;
  }

  #markLate(mark: LateMark): void {
    this.ledger.markLate(this.id, this.#final ? -1 : this.slot, mark);
  }
}
