import { systemClock } from '../core/clock.ts';
import { randomFingerprint } from '../core/fingerprint.ts';
import { log } from '../core/log.ts';
import { type Random, systemRandom } from '../core/random.ts';
import { fillSlot } from './fill-slot.ts';
import { Ledger, type LedgerOwner, RETIRED_REASONS } from './ledger.ts';
import { Seat } from './seat.ts';
import { limitsOf, type SessionOptions } from './session-options.ts';
import { SlotTable } from './slot-table.ts';
import { Timeline } from './timeline.ts';

const NOBODY: LedgerOwner = {
  onExhausted() {},
  onRetired() {},
  onForgotten() {},
  onChanged() {},
  onCooldown() {},
  onProxyVerdict() {},
};

/** A table and a ledger for one session that is in no pool, or not yet. */
export function soloSeat(options: SessionOptions): Seat {
  const table = new SlotTable(1);
  const ledger = new Ledger({
    table,
    timeline: new Timeline(RETIRED_REASONS),
    clock: systemClock,
    random: systemRandom,
    owner: NOBODY,
    log,
    userData: undefined,
  });
  const id = options.id ?? newSessionId(systemRandom);
  const slot = fillSlot(table, id, options, limitsOf({}), {
    now: systemClock.now(),
    fingerprint: options.fingerprint ?? randomFingerprint(systemRandom),
    proxy: options.proxyInfo ?? null,
  });
  return new Seat(ledger, slot);
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const CODES: Uint8Array = Uint8Array.from(ALPHABET, (letter) => letter.charCodeAt(0));
const BASE = 62;
const FIVE_LETTERS = BASE ** 5;

/** `session_` and ten letters or digits, written in one go: pools make hundreds of thousands a second. */
export function newSessionId(random: Random): string {
  const a = Math.floor(random.next() * FIVE_LETTERS);
  const b = Math.floor(random.next() * FIVE_LETTERS);
  return String.fromCharCode(
    0x73,
    0x65,
    0x73,
    0x73,
    0x69,
    0x6f,
    0x6e,
    0x5f,
    letter(a, 1),
    letter(a, 62),
    letter(a, 3844),
    letter(a, 238_328),
    letter(a, 14_776_336),
    letter(b, 1),
    letter(b, 62),
    letter(b, 3844),
    letter(b, 238_328),
    letter(b, 14_776_336),
  );
}

function letter(value: number, place: number): number {
  return CODES[Math.floor(value / place) % BASE] as number;
}
