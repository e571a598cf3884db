import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { SessionHotRow, StoredSession } from '../storage/session-store.ts';
import { ColdState } from './cold-state.ts';
import { serializeJar } from './cookies.ts';
import type { SessionDefaults } from './session-options.ts';
import {
  FLAG_PROVEN,
  fromColumn,
  type SlotTable,
  toColumn,
  UNLIMITED_16,
  UNLIMITED_32,
} from './slot-table.ts';

/** First line of a stored body. The second is the user data, the third the cookie jar; both may be empty. */
interface Header {
  readonly version: 1;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly maxAgeSecs: number;
  /** `null` for no limit. */
  readonly maxUsageCount: number | null;
  readonly maxErrorScore: number;
  readonly errorScoreDecrement: number;
  readonly maxConcurrency: number | null;
  readonly minIntervalMs: number;
  readonly fingerprint: { browser: never; platform: never; locale: string };
  readonly proxy: ProxyInfo | null;
  readonly isProven?: boolean;
}

const NEWLINE = '\n';

export function hotRowOf(table: SlotTable, slot: number): SessionHotRow {
  return {
    id: table.ids[slot] as string,
    usageCount: table.usageCount[slot] as number,
    errorScore: table.errorScore[slot] as number,
    lastUsedAt: table.lastUsedAt[slot] as number,
    cooldownUntil: table.readyAt[slot] as number,
    cooldownStep: table.cooldownStep[slot] as number,
  };
}

/** Cookies and user data stand on lines of their own, so that restoring need not parse them. */
export function coldBodyOf(table: SlotTable, slot: number): string {
  const maxUsageCount = fromColumn(table.maxUsageCount[slot] as number, UNLIMITED_32);
  const maxConcurrency = fromColumn(table.maxConcurrency[slot] as number, UNLIMITED_16);
  const header: Header = {
    version: 1,
    createdAt: table.createdAt[slot] as number,
    expiresAt: table.expiresAt[slot] as number,
    maxAgeSecs: table.maxAgeSecs[slot] as number,
    maxUsageCount: Number.isFinite(maxUsageCount) ? maxUsageCount : null,
    maxErrorScore: table.maxErrorScore[slot] as number,
    errorScoreDecrement: table.errorScoreDecrement[slot] as number,
    maxConcurrency: Number.isFinite(maxConcurrency) ? maxConcurrency : null,
    minIntervalMs: table.minIntervalMs[slot] as number,
    fingerprint: table.fingerprintOf(slot) as Header['fingerprint'],
    proxy: table.proxies[slot] ?? null,
    ...(((table.flags[slot] as number) & FLAG_PROVEN) !== 0 ? { isProven: true } : {}),
  };
  const cold = table.cold[slot];
  return [JSON.stringify(header), userDataJsonOf(cold) ?? '', serializeJar(cold) ?? ''].join(
    NEWLINE,
  );
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

/**
 * Writes a stored session into its slot.
 *
 * @throws TypeError when the row is not what Troupe writes
 */
export function restoreSlot(
  table: SlotTable,
  slot: number,
  stored: StoredSession,
  mode: 'stored' | 'current' | 'min',
  current: SessionDefaults,
  shared: (proxy: ProxyInfo) => ProxyInfo,
): void {
  const [headerLine, userDataJson, jarJson] = stored.body.split(NEWLINE);
  const header = checkedHeader(headerLine);
  const limits = limitsFor(mode, header, current);
  const { hot } = stored;
  table.usageCount[slot] = checkedNumber(hot.usageCount, 'usageCount');
  table.errorScore[slot] = checkedNumber(hot.errorScore, 'errorScore');
  table.lastUsedAt[slot] = checkedNumber(hot.lastUsedAt, 'lastUsedAt');
  table.readyAt[slot] = checkedNumber(hot.cooldownUntil, 'cooldownUntil');
  table.cooldownStep[slot] = checkedNumber(hot.cooldownStep, 'cooldownStep');
  table.createdAt[slot] = header.createdAt;
  table.maxAgeSecs[slot] = limits.maxAgeSecs;
  table.expiresAt[slot] =
    limits.maxAgeSecs === header.maxAgeSecs
      ? header.expiresAt
      : header.createdAt + limits.maxAgeSecs * 1000;
  table.maxUsageCount[slot] = toColumn(limits.maxUsageCount, UNLIMITED_32);
  table.maxErrorScore[slot] = limits.maxErrorScore;
  table.errorScoreDecrement[slot] = limits.errorScoreDecrement;
  table.maxConcurrency[slot] = toColumn(limits.maxConcurrency, UNLIMITED_16);
  table.minIntervalMs[slot] = toColumn(limits.minIntervalSecs * 1000, UNLIMITED_32);
  table.fingerprint[slot] = table.internFingerprint(header.fingerprint);
  table.proxies[slot] = header.proxy ? shared(header.proxy) : null;
  table.flags[slot] = header.isProven ? FLAG_PROVEN : 0;
  if (!userDataJson && !jarJson) return;
  const cold = new ColdState();
  cold.userDataJson = userDataJson || undefined;
  cold.jarJson = jarJson || undefined;
  table.cold[slot] = cold;
}

type Limits = Omit<SessionDefaults, 'userData'>;

function limitsFor(
  mode: 'stored' | 'current' | 'min',
  header: Header,
  current: SessionDefaults,
): Limits {
  if (mode === 'current') return current;
  const stored: Limits = {
    maxAgeSecs: header.maxAgeSecs,
    maxErrorScore: header.maxErrorScore,
    errorScoreDecrement: header.errorScoreDecrement,
    maxUsageCount: header.maxUsageCount ?? Number.POSITIVE_INFINITY,
    maxConcurrency: header.maxConcurrency ?? Number.POSITIVE_INFINITY,
    minIntervalSecs: header.minIntervalMs / 1000,
  };
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

function checkedHeader(line: string | undefined): Header {
  const header = JSON.parse(line ?? '') as Header;
  if (typeof header !== 'object' || header === null || header.version !== 1) {
    throw new TypeError('its version is unknown');
  }
  checkedNumber(header.createdAt, 'createdAt');
  checkedNumber(header.expiresAt, 'expiresAt');
  checkedNumber(header.maxAgeSecs, 'maxAgeSecs');
  checkedNumber(header.maxUsageCount ?? 0, 'maxUsageCount');
  checkedNumber(header.maxErrorScore, 'maxErrorScore');
  checkedNumber(header.errorScoreDecrement, 'errorScoreDecrement');
  checkedNumber(header.maxConcurrency ?? 0, 'maxConcurrency');
  checkedNumber(header.minIntervalMs, 'minIntervalMs');
  const { fingerprint, proxy } = header;
  if (typeof fingerprint?.browser !== 'string' || typeof fingerprint.locale !== 'string') {
    throw new TypeError('its fingerprint is not one');
  }
  if (proxy !== null && typeof proxy?.url !== 'string') throw new TypeError('its proxy is not one');
  return header;
}

function checkedNumber(value: number, name: string): number {
  if (typeof value !== 'number' || !Number.isFinite(value) || value < 0) {
    throw new TypeError(`its ${name} is not a number`);
  }
  return value;
}
