import { createHash } from 'node:crypto';
import type { CookieJar, SerializedCookieJar } from 'tough-cookie';
import { objectWith, optional, optionsObject, parseOptions, string } from '../core/options.ts';
import type { SessionHands } from '../storage/session-hands.ts';
import { ColdState } from './cold-state.ts';
import { allCookies, emptyJar, jarOf } from './cookies.ts';
import { CookieConflictError, SessionMissingError } from './errors.ts';
import { jarJsonOf } from './hand/cookie-changes.ts';
import type { Hand } from './hand/hand.ts';
import { type CookieSource, ImportedCookies } from './imported-cookies.ts';
import type { Ledger } from './ledger.ts';
import type { Persistence } from './persistence.ts';
import type { Roster } from './roster.ts';

/** The cookies of a session, and what an import names to show that it knows them. */
export interface ExportedCookies {
  readonly cookieJar: SerializedCookieJar;
  /** Changes with every cookie that comes, goes, or gets another value. */
  readonly version: string;
}

export interface ImportCookiesOptions {
  /** Of the cookies that are to be replaced. */
  readonly version: string;
  /** Ends the wait for a session that another worker uses. */
  readonly signal?: AbortSignal;
}

const IMPORT_OPTIONS = optionsObject({
  version: string(),
  signal: optional(objectWith<AbortSignal>('an AbortSignal', ['addEventListener'])),
});

/** Whole jars, in and out. Whoever holds a session is the only one to write its cookies: comparing and swapping is one step there. */
export class CookieExchange {
  readonly #ledger: Ledger;
  readonly #roster: Roster;
  readonly #hand: Hand | undefined;
  readonly #hands: SessionHands | undefined;
  readonly #persistence: () => Persistence | undefined;
  readonly #reasonOf: (id: string) => string | undefined;

  constructor(parts: {
    ledger: Ledger;
    roster: Roster;
    /** Where sessions may be in another worker's hand. */
    hand: Hand | undefined;
    hands: SessionHands | undefined;
    persistence: () => Persistence | undefined;
    /** Why a session has retired. */
    reasonOf: (id: string) => string | undefined;
  }) {
    this.#ledger = parts.ledger;
    this.#roster = parts.roster;
    this.#hand = parts.hand;
    this.#hands = parts.hands;
    this.#persistence = parts.persistence;
    this.#reasonOf = parts.reasonOf;
  }

  async export(id: string): Promise<ExportedCookies> {
    const absence = await this.#hand?.look(id);
    const slot = this.#roster.slotOf(id);
    if (slot !== -1) return this.#exported(this.#ledger.table.cold.get(slot));
    if (absence !== 'held') throw new SessionMissingError(id, this.#reasonOf(id));
    const elsewhere = new ColdState();
    const stored = await this.#hands?.exportCookies(id);
    elsewhere.jarJson = jarJsonOf((stored ?? []).map(({ json }) => json as string));
    return this.#exported(elsewhere);
  }

  async import(id: string, source: CookieSource, options: ImportCookiesOptions): Promise<string> {
    const { version, signal } = parseOptions(IMPORT_OPTIONS, options, 'importCookies options');
    const imported = new ImportedCookies(source);
    signal?.throwIfAborted();
    await this.#hand?.obtain(id, signal);
    const slot = this.#roster.slotOf(id);
    if (slot === -1) throw new SessionMissingError(id, this.#reasonOf(id));
    const { cold } = this.#ledger.table;
    if (this.#versionOf(cold.get(slot)) !== version) throw new CookieConflictError(id);
    const state = cold.get(slot) ?? new ColdState();
    cold.set(slot, state);
    imported.replace(state);
    const next = this.#versionOf(state);
    this.#hand?.noteWhole(id);
    this.#ledger.noteCold(slot);
    const lostBefore = this.#hand?.lostCount;
    await this.#persistence()?.flush();
    // The lease had run out by then, and others have had it since: what they have is as it was, or changed.
    const isLost = this.#hand?.lostCount !== lostBefore && !this.#roster.has(id);
    if (isLost) throw new CookieConflictError(id);
    return next;
  }

  #exported(cold: ColdState | undefined): ExportedCookies {
    const state = cold ?? new ColdState();
    const jar: CookieJar = state.jar || state.jarJson ? jarOf(state) : emptyJar();
    return { cookieJar: jar.toJSON() as SerializedCookieJar, version: this.#versionOf(cold) };
  }

  /** Of what a cookie is, not of when it was looked at: so it is the same after a restart, and for all workers. */
  #versionOf(cold: ColdState | undefined): string {
    const texts = allCookies(cold, this.#ledger.now()).map((cookie) => JSON.stringify(cookie));
    return createHash('sha256').update(texts.sort().join('\n')).digest('base64url').slice(0, 22);
  }
}
