import type { HandChanges, OriginReport, Taken } from '../../src/storage/session-hands.ts';
import type {
  RetiredSession,
  SessionColdRow,
  SessionHotRow,
  SessionStore,
} from '../../src/storage/session-store.ts';

/** Of the limits in a body's header those that the store must know when a hand is lost; `null` is none. */
export interface SessionLimitsInBody {
  readonly maxUsageCount?: number | null;
  readonly minIntervalSecs?: number;
}

export const NO_CHANGES: HandChanges = {
  hot: [],
  cold: [],
  evenIfFull: [],
  cookies: [],
  retired: [],
  facts: [],
  returned: [],
  unusedPlaces: 0,
  origins: [],
  watched: [],
  proxies: [],
};

export function hotRow(id: string, usageCount = 0): SessionHotRow {
  return { id, usageCount, errorScore: 0, lastUsedAt: 0, cooldownUntil: 0, cooldownStep: 0 };
}

export function coldRow(id: string, limits: SessionLimitsInBody = {}): SessionColdRow {
  return { id, body: `${JSON.stringify({ version: 1, limits })}\n{"of":"${id}"}\n` };
}

/** Both rows of sessions that are new. */
export function newSessions(ids: readonly string[], limits?: SessionLimitsInBody): HandChanges {
  const hot = ids.map((id) => hotRow(id));
  return { ...NO_CHANGES, hot, cold: ids.map((id) => coldRow(id, limits)) };
}

export function report(origin: string, known: Partial<OriginReport> = {}): OriginReport {
  const nothing = { rateChange: 0, firstRate: null, load: 0, good: 0, bad: 0 };
  return { origin, ...nothing, upMs: null, downMs: null, probe: null, isFirst: true, ...known };
}

export function idsOf({ sessions }: Pick<Taken, 'sessions'>): string[] {
  return sessions.map(({ hot }) => hot.id).sort();
}

/** What comes back is due after `restMs`. */
export function returned(restMs: number, ...ids: string[]): HandChanges {
  return { ...NO_CHANGES, returned: ids.map((id) => ({ id, restMs })) };
}

export function retired(id: string, reason = 'blocked', retiredAt = 1000): RetiredSession {
  return { id, reason, retiredAt };
}

export async function saveNew(
  store: SessionStore,
  ids: readonly string[],
  limits?: SessionLimitsInBody,
): Promise<void> {
  const { hot, cold } = newSessions(ids, limits);
  await store.save({ hot, cold, retired: [] });
}

export function manyIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `s${index}`);
}
