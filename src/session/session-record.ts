import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { SessionHotRow, StoredSession } from '../storage/session-store.ts';
import { ColdState } from './cold-state.ts';
import { serializeJar } from './cookies.ts';
import { expiryOf, type SessionLimits } from './session-options.ts';
import { FLAG_INITIALIZED, FLAG_PROVEN, type SlotTable } from './slot-table.ts';

/** First line of a stored body. The second is the user data, the third the cookie jar; both may be empty. */
interface Header {
  readonly version: 1;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** A limit of `null` is none. */
  readonly limits: { readonly [Name in keyof SessionLimits]: number | null };
  readonly fingerprint: { browser: never; platform: never; locale: string };
  readonly proxy: ProxyInfo | null;
  readonly isProven?: boolean;
  readonly isInitialized?: boolean;
  readonly keys?: readonly string[];
}

const NEWLINE = '\n';

export function hotRowOf(table: SlotTable, slot: number): SessionHotRow {
  return {
    id: table.ids[slot] as string,
    usageCount: table.usageCount.get(slot),
    errorScore: table.errorScore.get(slot),
    lastUsedAt: table.lastUsedAt.get(slot),
    cooldownUntil: table.readyAt.get(slot),
    cooldownStep: table.cooldownStep.get(slot),
  };
}

/** Cookies and user data stand on lines of their own, so that restoring need not parse them. */
export function coldBodyOf(table: SlotTable, slot: number): string {
  return `${bodyWithoutCookies(table, slot)}${serializeJar(table.cold.get(slot)) ?? ''}`;
}

/** For stores that keep cookies apart: their line is empty. */
export function bodyWithoutCookies(table: SlotTable, slot: number): string {
  const limits = table.limits[slot] as SessionLimits;
  const flags = table.flags.get(slot);
  const keys = table.keys.get(slot);
  const header: Header = {
    version: 1,
    createdAt: table.createdAt.get(slot),
    expiresAt: table.expiresAt.get(slot),
    limits: storedLimits(limits),
    fingerprint: table.fingerprintOf(slot) as Header['fingerprint'],
    proxy: table.proxies.get(slot) ?? null,
    ...((flags & FLAG_PROVEN) !== 0 ? { isProven: true } : {}),
    ...((flags & FLAG_INITIALIZED) !== 0 ? { isInitialized: true } : {}),
    ...(keys ? { keys } : {}),
  };
  const userData = userDataJsonOf(table.cold.get(slot)) ?? '';
  return `${JSON.stringify(header)}${NEWLINE}${userData}${NEWLINE}`;
}

/** User data as JSON; what JSON cannot hold is left out, as `JSON.stringify` does, and a cycle leaves out all. */
export function userDataJsonOf(cold: ColdState | undefined): string | undefined {
  if (!cold?.userData) return cold?.userDataJson;
  try {
    return JSON.stringify(cold.userData);
  } catch {
    return cold.userDataJson;
  }
}

/** Lets sessions of one proxy, or of the same limits, share one object. */
export interface Sharing {
  proxy(proxy: ProxyInfo): ProxyInfo;
  limits(limits: SessionLimits): SessionLimits;
}

/**
 * Gives a stored session a slot.
 *
 * @throws TypeError when the row is not what Troupe writes; then no slot is taken
 */
export function restoreSlot(
  table: SlotTable,
  stored: StoredSession,
  mode: 'stored' | 'current' | 'min',
  current: SessionLimits,
  shared: Sharing,
): number {
  const [headerLine, userDataJson, jarJson] = stored.body.split(NEWLINE);
  const header = checkedHeader(headerLine);
  const { hot } = checkedHot(stored);
  const limits = limitsFor(mode, header, current);
  const slot = table.allocate(hot.id, shared.limits(limits));
  table.usageCount.set(slot, hot.usageCount);
  table.errorScore.set(slot, hot.errorScore);
  table.lastUsedAt.set(slot, hot.lastUsedAt);
  table.readyAt.set(slot, hot.cooldownUntil);
  table.cooldownStep.set(slot, hot.cooldownStep);
  table.createdAt.set(slot, header.createdAt);
  table.expiresAt.set(
    slot,
    limits.maxAgeSecs === header.limits.maxAgeSecs
      ? header.expiresAt
      : expiryOf(header.createdAt, limits.maxAgeSecs),
  );
  table.setFingerprint(slot, header.fingerprint);
  if (header.proxy) table.proxies.set(slot, shared.proxy(header.proxy));
  const flags = (header.isProven ? FLAG_PROVEN : 0) | (header.isInitialized ? FLAG_INITIALIZED : 0);
  table.flags.set(slot, table.flags.get(slot) | flags);
  if (header.keys) table.keys.set(slot, header.keys);
  if (!userDataJson && !jarJson) return slot;
  const cold = new ColdState();
  cold.userDataJson = userDataJson || undefined;
  cold.jarJson = jarJson || undefined;
  table.cold.set(slot, cold);
  return slot;
}

function limitsFor(
  mode: 'stored' | 'current' | 'min',
  header: Header,
  current: SessionLimits,
): SessionLimits {
  if (mode === 'current') return current;
  const stored = readLimits(header.limits);
  if (mode === 'stored') return stored;
  return {
    maxAgeSecs: Math.min(stored.maxAgeSecs, current.maxAgeSecs),
    maxErrorScore: Math.min(stored.maxErrorScore, current.maxErrorScore),
    errorScoreDecrement: Math.min(stored.errorScoreDecrement, current.errorScoreDecrement),
    maxUsageCount: Math.min(stored.maxUsageCount, current.maxUsageCount),
    maxConcurrency: Math.min(stored.maxConcurrency, current.maxConcurrency),
    // The stricter pause is the longer one.
    minIntervalSecs: Math.max(stored.minIntervalSecs, current.minIntervalSecs),
  };
}

/** JSON has no `Infinity`. */
function storedLimits(limits: SessionLimits): Header['limits'] {
  return mapLimits((name) => (Number.isFinite(limits[name]) ? limits[name] : null));
}

function readLimits(stored: Header['limits']): SessionLimits {
  return mapLimits((name) => stored[name] ?? Number.POSITIVE_INFINITY);
}

function mapLimits<T>(value: (name: keyof SessionLimits) => T): Record<keyof SessionLimits, T> {
  return {
    maxAgeSecs: value('maxAgeSecs'),
    maxErrorScore: value('maxErrorScore'),
    errorScoreDecrement: value('errorScoreDecrement'),
    maxUsageCount: value('maxUsageCount'),
    maxConcurrency: value('maxConcurrency'),
    minIntervalSecs: value('minIntervalSecs'),
  };
}

function checkedHot(stored: StoredSession): StoredSession {
  const { hot } = stored;
  checkedNumber(hot.usageCount, 'usageCount');
  checkedNumber(hot.errorScore, 'errorScore');
  checkedNumber(hot.lastUsedAt, 'lastUsedAt');
  checkedNumber(hot.cooldownUntil, 'cooldownUntil');
  checkedNumber(hot.cooldownStep, 'cooldownStep');
  return stored;
}

function checkedHeader(line: string | undefined): Header {
  const header = JSON.parse(line ?? '') as Header;
  if (typeof header !== 'object' || header === null || header.version !== 1) {
    throw new TypeError('its version is unknown');
  }
  checkedNumber(header.createdAt, 'createdAt');
  checkedNumber(header.expiresAt, 'expiresAt');
  if (typeof header.limits !== 'object' || header.limits === null) {
    throw new TypeError('it has no limits');
  }
  mapLimits((name) => checkedNumber(header.limits[name] ?? 0, name));
  const { fingerprint, proxy } = header;
  if (typeof fingerprint?.browser !== 'string' || typeof fingerprint.locale !== 'string') {
    throw new TypeError('its fingerprint is not one');
  }
  if (header.keys !== undefined && !isTexts(header.keys)) throw new TypeError('its keys are not');
  if (proxy !== null && typeof proxy?.url !== 'string') throw new TypeError('its proxy is not one');
  return header;
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function checkedNumber(value: number, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new TypeError(`its ${name} is not a number`);
  }
  return value;
}
