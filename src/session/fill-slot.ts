import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import { ColdState } from './cold-state.ts';
import { expiryOf, limitsOf, type SessionLimits, type SessionOptions } from './session-options.ts';
import type { SlotTable } from './slot-table.ts';

const NO_OPTIONS: SessionOptions = Object.freeze({});

/** Gives a new session a slot: its own options over the limits of its pool. */
export function fillSlot(
  table: SlotTable,
  id: string,
  options: SessionOptions | undefined,
  defaults: SessionLimits,
  made: { now: number; fingerprint: Fingerprint; proxy: ProxyInfo | null },
): number {
  const limits = options ? limitsOf(options, defaults) : defaults;
  const own = options ?? NO_OPTIONS;
  const createdAt = own.createdAt?.getTime() ?? made.now;
  const slot = table.allocate(id, limits);
  table.usageCount.set(slot, own.usageCount ?? 0);
  table.errorScore.set(slot, own.errorScore ?? 0);
  table.createdAt.set(slot, createdAt);
  table.expiresAt.set(slot, own.expiresAt?.getTime() ?? expiryOf(createdAt, limits.maxAgeSecs));
  table.setFingerprint(slot, made.fingerprint);
  if (made.proxy) table.proxies.set(slot, made.proxy);
  if (own.userData === undefined && own.cookieJar === undefined) return slot;
  const cold = new ColdState();
  if (own.userData) cold.userData = structuredClone(own.userData);
  cold.jar = own.cookieJar;
  table.cold.set(slot, cold);
  return slot;
}
