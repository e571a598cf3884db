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

export interface Restored {
  readonly sessions: readonly Session[];
  /** Why the first of those that could not be read could not. */
  readonly problem: unknown;
}

/**
 * The sessions of a record that may still be used, also of one that the original wrote. One that cannot be read does
 * not hold up the others.
 *
 * @throws TypeError when it is no record of a pool
 */
export function restoredSessions(
  record: unknown,
  proxies: ProxyConfiguration | undefined,
): Restored {
  const { sessions: saved } = (record ?? {}) as { sessions?: unknown };
  if (!Array.isArray(saved)) throw new TypeError('it holds no list of sessions');
  const sessions: Session[] = [];
  let problem: unknown;
  for (const state of saved as SavedSession[]) {
    try {
      const proxyInfo = state.proxyUrl === undefined ? null : proxyOf(state, proxies);
      const session = new Session({ ...optionsOf(state), proxyInfo });
      if (session.isUsable()) sessions.push(session);
    } catch (error) {
      problem ??= error;
    }
  }
  return { sessions, problem };
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
  // The original does not save it, and sets `expiresAt` back to retire a session.
  const ageSecs = Math.max(0.001, (expiresAt.getTime() - createdAt.getTime()) / 1000);
  const maxAgeSecs = saved.maxAgeSecs ?? ageSecs;
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
