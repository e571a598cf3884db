import { messageOf } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { nextTurn } from '../core/next-turn.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { SessionStore, StoredSession } from '../storage/session-store.ts';
import type { Ledger } from './ledger.ts';
import type { ResolvedPoolOptions } from './pool-options.ts';
import type { Roster } from './roster.ts';
import { limitsOf, type SessionLimits } from './session-options.ts';
import { restoreSlot, type Sharing } from './session-record.ts';
import { EVENT_RESTORED } from './timeline.ts';

/** Retirements are remembered this long, so that another pool that still knows the session cannot bring it back. */
const REMEMBER_RETIRED_MS = 7 * 24 * 3600 * 1000;

/** About five milliseconds of work. */
const ROWS_A_TURN = 500;

/**
 * Reads the stored sessions of a pool back into its table. A corrupt row is put aside and the others
 * load. When there are more than fit, those used last come in and the others stay in the store.
 */
export async function restoreSessions(parts: {
  store: SessionStore;
  options: ResolvedPoolOptions;
  ledger: Ledger;
  roster: Roster;
  onRestored: (slot: number) => void;
}): Promise<void> {
  const { store, ledger, roster } = parts;
  const { log, maxPoolSize, restore, proxyConfiguration, sessionOptions } = parts.options;
  const current = limitsOf(sessionOptions);
  const now = ledger.now();
  await forgetOldRetirements(store, now);
  const shared = sharing();
  const corrupt: { id: string; why: string }[] = [];
  let count = 0;
  for (const stored of await chosen(store, maxPoolSize, log)) {
    if (++count % ROWS_A_TURN === 0) await nextTurn();
    const { id } = stored.hot;
    if (roster.has(id)) continue;
    let slot: number;
    try {
      slot = restoreSlot(ledger.table, stored, restore, current, shared);
    } catch (error) {
      corrupt.push({ id, why: messageOf(error) });
      continue;
    }
    ledger.timeline.record(slot, EVENT_RESTORED, now);
    roster.enter(slot);
    proxyConfiguration?.restore(id, ledger.table.proxies.get(slot) ?? null);
    parts.onRestored(slot);
  }
  for (const { id, why } of corrupt) await store.quarantine(id, why);
  if (corrupt.length > 0) {
    const [first] = corrupt;
    log.warning(
      `${corrupt.length} stored sessions could not be read and were put aside; the first: ${first?.id}: ${first?.why}`,
    );
  }
}

export async function forgetOldRetirements(store: SessionStore, now: number): Promise<void> {
  await store.forgetRetired(now - REMEMBER_RETIRED_MS);
}

async function chosen(
  store: SessionStore,
  maxPoolSize: number,
  log: Log,
): Promise<StoredSession[]> {
  const all: StoredSession[] = [];
  for await (const batch of store.load()) all.push(...batch);
  if (all.length <= maxPoolSize) return all;
  log.info(`${all.length} sessions are stored and ${maxPoolSize} fit; taking those used last`);
  return all.sort((a, b) => b.hot.lastUsedAt - a.hot.lastUsedAt).slice(0, maxPoolSize);
}

/** Sessions with the same proxy, or the same limits, share one object. */
export function sharing(): Sharing {
  const proxies = new Map<string, ProxyInfo>();
  const limits = new Map<string, SessionLimits>();
  return {
    proxy: (proxy) => shared(proxies, proxy.url, proxy),
    limits: (own) => shared(limits, Object.values(own).join(), own),
  };
}

function shared<T>(known: Map<string, T>, key: string, value: T): T {
  const existing = known.get(key);
  if (existing !== undefined) return existing;
  known.set(key, value);
  return value;
}
