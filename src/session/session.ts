import type { CookieJar } from 'tough-cookie';
import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import {
  allCookies,
  type BrowserCookie,
  cookieStringFor,
  cookiesFor,
  jarOf,
  onlySiteOf,
  storeBrowserCookie,
  storeRawCookie,
} from './cookies.ts';
import { RETIRED_REASONS } from './ledger.ts';
import type { RetiredReason } from './outcome.ts';
import { Seat } from './seat.ts';
import { resolveSessionOptions, type SessionOptions } from './session-options.ts';
import { soloSeat } from './solo-seat.ts';

/** Statuses on which {@link Session.retireOnBlockedStatusCodes} retires, as documented. */
const BLOCKED_STATUS_CODES: readonly number[] = [401, 403, 429];

/** What {@link Session.getState} gives: plain JSON. */
export interface SessionState {
  readonly id: string;
  readonly cookieJar: unknown;
  readonly userData: Record<string, unknown>;
  readonly errorScore: number;
  readonly maxErrorScore: number;
  readonly errorScoreDecrement: number;
  /** ISO 8601. */
  readonly createdAt: string;
  /** ISO 8601. */
  readonly expiresAt: string;
  readonly maxAgeSecs: number;
  readonly usageCount: number;
  readonly maxUsageCount: number | null;
}

/** All sessions of a pool, in the documented shape. */
export interface SessionPoolState {
  readonly usableSessionsCount: number;
  readonly retiredSessionsCount: number;
  readonly sessions: SessionState[];
}

/** The shape of a response that {@link Session.setCookiesFromResponse} understands. */
export interface ResponseWithCookies {
  readonly url?: string;
  readonly headers:
    | { getSetCookie(): string[] }
    | Readonly<Record<string, string | readonly string[] | undefined>>;
}

let readSeat: (session: Session) => Seat;

/** Where the session's state stands; for the pool that moves it. */
export function seatOf(session: Session): Seat {
  return readSeat(session);
}

/**
 * One identity: a proxy, a cookie jar, a fingerprint, and what the user ties to it. All methods are
 * synchronous. After retirement it can still be read; marks change nothing any more.
 */
export class Session {
  static {
    readSeat = (session) => session.#seat;
  }

  readonly #seat: Seat;

  /** Makes a session outside any pool, with options checked; `createSessionFunction` may return one. */
  constructor(options: SessionOptions | Seat = {}) {
    this.#seat =
      options instanceof Seat
        ? options
        : soloSeat(resolveSessionOptions(options, 'SessionOptions'));
  }

  get id(): string {
    return this.#seat.id;
  }

  /** The proxy of this session for life; `null` for a direct connection. */
  get proxyInfo(): ProxyInfo | null {
    return this.#seat.proxy;
  }

  get fingerprint(): Fingerprint {
    return this.#seat.fingerprint;
  }

  /** What the user ties to the identity. Changes are saved with the session's next use. */
  get userData(): Record<string, unknown> {
    return this.#seat.userData;
  }

  set userData(value: Record<string, unknown>) {
    this.#seat.ensureCold().userData = value;
    this.#seat.noteCold();
  }

  get usageCount(): number {
    return this.#seat.read('usageCount');
  }

  get maxUsageCount(): number {
    return this.#seat.limits.maxUsageCount;
  }

  get errorScore(): number {
    return this.#seat.read('errorScore');
  }

  get maxErrorScore(): number {
    return this.#seat.limits.maxErrorScore;
  }

  get errorScoreDecrement(): number {
    return this.#seat.limits.errorScoreDecrement;
  }

  get maxAgeSecs(): number {
    return this.#seat.limits.maxAgeSecs;
  }

  get maxConcurrency(): number {
    return this.#seat.limits.maxConcurrency;
  }

  get minIntervalSecs(): number {
    return this.#seat.limits.minIntervalSecs;
  }

  get createdAt(): Date {
    return new Date(this.#seat.read('createdAt'));
  }

  get expiresAt(): Date {
    return new Date(this.#seat.read('expiresAt'));
  }

  /** Until when nothing goes out on it, `null` when it does not rest. */
  get restsUntil(): Date | null {
    const readyAt = this.#seat.read('readyAt');
    return readyAt > this.#seat.ledger.now() ? new Date(readyAt) : null;
  }

  /** Why the session is no longer used; `null` while it is. */
  get retiredReason(): RetiredReason | null {
    const code = this.#seat.read('retiredReason');
    return code === 0 ? null : (RETIRED_REASONS[code - 1] as RetiredReason);
  }

  /** The jar itself, made at the first call. Changing it directly is seen when the session is next used. */
  get cookieJar(): CookieJar {
    const cold = this.#seat.ensureCold();
    cold.isJarShared = true;
    this.#seat.noteCold();
    return jarOf(cold);
  }

  /** Its error score has reached the limit, or it was retired for being blocked or by hand. */
  isBlocked(): boolean {
    if (this.errorScore >= this.maxErrorScore) return true;
    const reason = this.retiredReason;
    return reason === 'blocked' || reason === 'manual' || reason === 'error-score';
  }

  isExpired(): boolean {
    return this.#seat.read('expiresAt') <= this.#seat.ledger.now();
  }

  isMaxUsageCountReached(): boolean {
    return this.usageCount >= this.maxUsageCount;
  }

  /** Not retired, blocked, expired, used up, set aside or in another worker's hand. A session at rest after a 429 counts as usable. */
  isUsable(): boolean {
    return (
      this.retiredReason === null &&
      !this.#seat.isHeld &&
      !this.#seat.isElsewhere &&
      !this.isBlocked() &&
      !this.isExpired() &&
      !this.isMaxUsageCountReached()
    );
  }

  /** Takes `errorScoreDecrement` off the error score, never below 0. Outside a lease it counts a use. */
  markGood(): void {
    this.#seat.markGood();
  }

  /** Adds 1 to the error score; at `maxErrorScore` the session retires. Outside a lease it counts a use. */
  markBad(): void {
    this.#seat.markBad();
  }

  /** The session is not handed out any more. Terminal and idempotent. Pages in flight finish. */
  retire(reason: RetiredReason = 'manual'): void {
    this.#seat.retire(reason);
  }

  /** Retires on 401, 403, 429 and the additional codes; says whether it did. */
  retireOnBlockedStatusCodes(
    statusCode: number,
    additionalBlockedStatusCodes: readonly number[] = [],
  ): boolean {
    const isBlocked =
      BLOCKED_STATUS_CODES.includes(statusCode) ||
      additionalBlockedStatusCodes.includes(statusCode);
    if (isBlocked) this.#seat.retire('blocked', statusCode);
    return isBlocked;
  }

  /**
   * The `Cookie` header for a URL. Without a URL: that of the request in progress, else of the only site
   * the jar knows. Never cookies of another site.
   *
   * @throws CookieUrlNeededError without a URL when the jar knows several sites
   */
  getCookieString(url?: string): string {
    const meant = url ?? this.#seat.leaseUrl ?? onlySiteOf(this.#seat.cold);
    return meant === null ? '' : cookieStringFor(this.#seat.cold, meant);
  }

  getCookies(url: string): BrowserCookie[] {
    return cookiesFor(this.#seat.cold, url);
  }

  /** Every cookie of the jar that has not run out, whatever its site: what a browser is given to go on with. */
  getAllCookies(): BrowserCookie[] {
    return allCookies(this.#seat.cold, this.#seat.ledger.now());
  }

  /** Stores one raw `Set-Cookie` value. A foreign domain, a public suffix or nonsense is refused and logged once; it never throws. */
  setCookie(rawCookie: string, url: string): void {
    this.#noteStored(storeRawCookie(this.#seat.ensureCold(), rawCookie, url), url);
  }

  /** Stores a browser's cookies, each under its own domain, else under the URL's. */
  setCookies(cookies: readonly BrowserCookie[], url: string): void {
    for (const cookie of cookies) {
      this.#noteStored(storeBrowserCookie(this.#seat.ensureCold(), cookie, url), url);
    }
  }

  /** Stores every `Set-Cookie` of a response: one of Troupe's, of `fetch`, or of `node:http` with a `url`. */
  setCookiesFromResponse(response: ResponseWithCookies): void {
    const url = response.url ?? this.#seat.leaseUrl;
    if (url === undefined) return;
    for (const raw of setCookieHeaders(response.headers)) this.setCookie(raw, url);
  }

  getState(): SessionState {
    const maxUsageCount = this.maxUsageCount;
    const cold = this.#seat.cold;
    return {
      id: this.id,
      cookieJar: cold && (cold.jar || cold.jarJson) ? jarOf(cold).toJSON() : { cookies: [] },
      userData: this.userData,
      errorScore: this.errorScore,
      maxErrorScore: this.maxErrorScore,
      errorScoreDecrement: this.errorScoreDecrement,
      createdAt: this.createdAt.toISOString(),
      expiresAt: this.expiresAt.toISOString(),
      maxAgeSecs: this.maxAgeSecs,
      usageCount: this.usageCount,
      maxUsageCount: Number.isFinite(maxUsageCount) ? maxUsageCount : null,
    };
  }

  #noteStored(refusal: string | null, url: string): void {
    if (refusal === null) this.#seat.noteCold();
    else this.#seat.ledger.noteRefusedCookie(url, refusal);
  }
}

function setCookieHeaders(headers: ResponseWithCookies['headers']): readonly string[] {
  if ('getSetCookie' in headers && typeof headers.getSetCookie === 'function') {
    return headers.getSetCookie();
  }
  const byName = headers as Readonly<Record<string, string | readonly string[] | undefined>>;
  const found = byName['set-cookie'] ?? byName['Set-Cookie'];
  if (found === undefined) return [];
  return typeof found === 'string' ? [found] : found;
}
