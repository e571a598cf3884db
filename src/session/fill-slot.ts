import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { ColdState } from './cold-state.ts';
import type { SessionDefaults, SessionOptions } from './session-options.ts';
import { type SlotTable, toColumn, UNLIMITED_16, UNLIMITED_32 } from './slot-table.ts';

/** Writes a new session's identity and limits into its slot: its own options over the defaults. */
export function fillSlot(
  table: SlotTable,
  slot: number,
  options: SessionOptions,
  defaults: SessionDefaults,
  made: { now: number; fingerprint: Fingerprint; proxy: ProxyInfo | null },
): void {
  const createdAt = options.createdAt?.getTime() ?? made.now;
  const maxAgeSecs = options.maxAgeSecs ?? defaults.maxAgeSecs;
  table.usageCount[slot] = options.usageCount ?? 0;
  table.maxUsageCount[slot] = toColumn(
    options.maxUsageCount ?? defaults.maxUsageCount,
    UNLIMITED_32,
  );
  table.errorScore[slot] = options.errorScore ?? 0;
  table.maxErrorScore[slot] = options.maxErrorScore ?? defaults.maxErrorScore;
  table.errorScoreDecrement[slot] = options.errorScoreDecrement ?? defaults.errorScoreDecrement;
  table.maxAgeSecs[slot] = maxAgeSecs;
  table.createdAt[slot] = createdAt;
  table.expiresAt[slot] = options.expiresAt?.getTime() ?? createdAt + maxAgeSecs * 1000;
  table.maxConcurrency[slot] = toColumn(
    options.maxConcurrency ?? defaults.maxConcurrency,
    UNLIMITED_16,
  );
  table.minIntervalMs[slot] = toColumn(
    (options.minIntervalSecs ?? defaults.minIntervalSecs) * 1000,
    UNLIMITED_32,
  );
  table.fingerprint[slot] = table.internFingerprint(made.fingerprint);
  table.proxies[slot] = made.proxy;
  if (options.userData === undefined && options.cookieJar === undefined) return;
  const cold = new ColdState();
  if (options.userData) cold.userData = structuredClone(options.userData);
  cold.jar = options.cookieJar;
  table.cold[slot] = cold;
}
