import type { Fingerprint } from '../core/fingerprint.ts';
import { parseProxyUrl } from '../proxy/parse-proxy-url.ts';
import { jarFrom } from '../session/cookies.ts';
import type { SessionState } from '../session/session.ts';
import type { SessionOptions } from '../session/session-options.ts';
import type { SessionPool as EnginePool } from '../session/session-pool.ts';
import { withGroups } from './proxy/own-source.ts';
import type { ProxyConfiguration } from './proxy/proxy-configuration.ts';
import type { ProxyInfo } from './proxy/proxy-info.ts';
import { Session } from './session.ts';

/** A session in the record: the documented fields, and what makes it the same identity after a restart. */
export interface SavedSession extends SessionState {
  readonly proxyUrl?: string;
  readonly fingerprint?: Fingerprint;
}

/** What is kept under `persistStateKey`. */
export interface SavedPool {
  readonly usableSessionsCount: number;
  readonly retiredSessionsCount: number;
  readonly sessions: readonly SavedSession[];
}

export function savedPool(pool: EnginePool): SavedPool {
  const { usableSessionsCount, retiredSessionsCount } = pool;
  const sessions = [...pool.sessions].map((session) => ({
    ...session.getState(),
    fingerprint: session.fingerprint,
    ...(session.proxyInfo ? { proxyUrl: session.proxyInfo.url } : {}),
  }));
  return { usableSessionsCount, retiredSessionsCount, sessions };
}

/**
 * The sessions of a record that may still be used, also of one that the original wrote.
 *
 * @throws TypeError when it is no record of a pool; OptionError, ProxyUrlError when a session in it is none
 */
export function restoredSessions(
  record: unknown,
  proxies: ProxyConfiguration | undefined,
): Session[] {
  const { sessions } = (record ?? {}) as { sessions?: unknown };
  if (!Array.isArray(sessions)) throw new TypeError('it holds no list of sessions');
  const restored: Session[] = [];
  for (const saved of sessions as SavedSession[]) {
    const options = optionsOf(saved);
    const proxyInfo = saved.proxyUrl === undefined ? null : proxyOf(saved, proxies);
    const session = new Session({ ...options, proxyInfo });
    if (session.isUsable()) restored.push(session);
  }
  return restored;
}

function proxyOf(
  { id, proxyUrl = '' }: SavedSession,
  proxies: ProxyConfiguration | undefined,
): ProxyInfo {
  return proxies
    ? proxies.restored(id, proxyUrl)
    : withGroups(parseProxyUrl(proxyUrl, 'a saved proxy'), id);
}

function optionsOf(saved: SavedSession): SessionOptions {
  const { id, userData, errorScore, maxErrorScore, errorScoreDecrement, usageCount } = saved;
  const createdAt = new Date(saved.createdAt);
  const expiresAt = new Date(saved.expiresAt);
  const maxUsageCount =
    saved.maxUsageCount === null ? Number.POSITIVE_INFINITY : saved.maxUsageCount;
  // The original does not save it.
  const maxAgeSecs = saved.maxAgeSecs ?? (expiresAt.getTime() - createdAt.getTime()) / 1000;
  const { cookies = [] } = (saved.cookieJar ?? {}) as { cookies?: unknown[] };
  const given = {
    id,
    userData,
    errorScore,
    maxErrorScore,
    errorScoreDecrement,
    usageCount,
    maxUsageCount,
    maxAgeSecs,
    createdAt,
    expiresAt,
    fingerprint: saved.fingerprint,
    cookieJar: cookies.length > 0 ? jarFrom(saved.cookieJar) : undefined,
  };
  return Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as SessionOptions;
}
