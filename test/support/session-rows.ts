import type { HandChanges, OriginReport, Taken } from '../../src/storage/session-hands.ts';
import type { SessionColdRow, SessionHotRow } from '../../src/storage/session-store.ts';

export const NO_CHANGES: HandChanges = {
  hot: [],
  cold: [],
  evenIfFull: [],
  cookies: [],
  retired: [],
  returned: [],
  unusedPlaces: 0,
  origins: [],
};

export function hotRow(id: string, usageCount = 0): SessionHotRow {
  return { id, usageCount, errorScore: 0, lastUsedAt: 0, cooldownUntil: 0, cooldownStep: 0 };
}

/** A body whose header says what the store must know when a hand is lost. */
export function coldRow(
  id: string,
  limits: { maxUsageCount?: number | null; minIntervalSecs?: number } = {},
): SessionColdRow {
  return { id, body: `${JSON.stringify({ version: 1, limits })}\n{"of":"${id}"}\n` };
}

/** Both rows of sessions that are new. */
export function newSessions(
  ids: readonly string[],
  limits?: { maxUsageCount?: number | null; minIntervalSecs?: number },
): HandChanges {
  const hot = ids.map((id) => hotRow(id));
  return { ...NO_CHANGES, hot, cold: ids.map((id) => coldRow(id, limits)) };
}

export function report(origin: string, known: Partial<OriginReport> = {}): OriginReport {
  return { origin, rateChange: 0, firstRate: null, load: 0, good: 0, bad: 0, ...known };
}

export function idsOf({ sessions }: Pick<Taken, 'sessions'>): string[] {
  return sessions.map(({ hot }) => hot.id).sort();
}
