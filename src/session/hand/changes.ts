import type { CookieChange, CookieChanges, HandChanges } from '../../storage/session-hands.ts';

export const NO_CHANGES: HandChanges = Object.freeze({
  hot: [],
  cold: [],
  evenIfFull: [],
  cookies: [],
  retired: [],
  facts: [],
  returned: [],
  unusedPlaces: 0,
  origins: [],
  watched: null,
  proxies: [],
});

/** All in one sync, one after the other. Of origins, proxies and places only the last ones are told. */
export function merged(all: readonly HandChanges[]): HandChanges {
  return {
    ...(all.at(-1) ?? NO_CHANGES),
    hot: all.flatMap(({ hot }) => hot),
    cold: all.flatMap(({ cold }) => cold),
    evenIfFull: all.flatMap(({ evenIfFull }) => evenIfFull),
    cookies: all.flatMap(({ cookies }) => cookies),
    retired: all.flatMap(({ retired }) => retired),
    facts: all.flatMap(({ facts }) => facts),
    returned: all.flatMap(({ returned }) => returned),
  };
}

type Evidence = Pick<HandChanges, 'origins' | 'watched' | 'proxies'>;

/** What was to be told so long ago: times that are told as ages have grown older. */
export function aged({ origins, watched, proxies }: Evidence, byMs: number): Evidence {
  const later = (ms: number | null): number | null => (ms === null ? null : ms + byMs);
  return {
    origins: origins.map((report) => ({
      ...report,
      upMs: later(report.upMs),
      downMs: later(report.downMs),
    })),
    watched,
    proxies: proxies.map(({ name, upMs, failure }) => ({
      name,
      upMs: later(upMs),
      failure: failure && {
        ...failure,
        agoMs: failure.agoMs + byMs,
        restMs: Math.max(0, failure.restMs - byMs),
        firstAgoMs: later(failure.firstAgoMs),
      },
    })),
  };
}

/**
 * What was sent to the store and, as far as is known, not written. Of each session the latest is kept, so it is never more
 * than the sessions that were in hand.
 */
export class Unwritten {
  #changes: HandChanges = NO_CHANGES;

  get all(): HandChanges {
    return this.#changes;
  }

  keep(changes: HandChanges): void {
    const all = merged([this.#changes, changes]);
    const { hot, cold, evenIfFull, cookies, retired, facts, returned } = all;
    this.#changes = {
      ...NO_CHANGES,
      hot: latest(hot),
      cold: latest(cold),
      evenIfFull: [...new Set(evenIfFull)],
      cookies: latestCookies(cookies),
      retired: latest(retired),
      facts: latest(facts, (before, after) => ({
        id: after.id,
        errorScoreChange: before.errorScoreChange + after.errorScoreChange,
        restMs: Math.max(before.restMs, after.restMs),
      })),
      returned: latest(returned),
    };
  }

  clear(): void {
    this.#changes = NO_CHANGES;
  }
}

function latest<Row extends { readonly id: string }>(
  rows: readonly Row[],
  join: (before: Row, after: Row) => Row = (_before, after) => after,
): Row[] {
  const byId = new Map<string, Row>();
  for (const row of rows) {
    const before = byId.get(row.id);
    byId.set(row.id, before ? join(before, row) : row);
  }
  return [...byId.values()];
}

function latestCookies(all: readonly CookieChanges[]): CookieChanges[] {
  const byId = new Map<string, Map<string, CookieChange>>();
  for (const { id, cookies } of all) {
    const byKey = byId.get(id) ?? new Map<string, CookieChange>();
    for (const cookie of cookies) byKey.set(cookie.key, cookie);
    byId.set(id, byKey);
  }
  return [...byId].map(([id, byKey]) => ({ id, cookies: [...byKey.values()] }));
}
