import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { ColdState } from './cold-state.ts';
import type { SessionLimits } from './session-options.ts';
import type { SlotTable } from './slot-table.ts';

/** The columns that can be read of a session, alive or retired. */
export type ReadableColumn =
  | 'usageCount'
  | 'errorScore'
  | 'createdAt'
  | 'expiresAt'
  | 'readyAt'
  | 'retiredReason';

/** What remains of a session when its slot goes to another: made once, for its handle and its obituary. */
export class FinalState implements Readonly<Record<ReadableColumn, number>> {
  readonly id: string;
  readonly proxy: ProxyInfo | null;
  readonly fingerprint: Fingerprint;
  readonly limits: SessionLimits;
  cold: ColdState | undefined;
  readonly usageCount: number;
  readonly errorScore: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly readyAt: number;
  /** Changes where a session that had gone elsewhere retires there. */
  retiredReason: number;

  constructor(table: SlotTable, slot: number) {
    this.id = table.ids[slot] as string;
    this.proxy = table.proxies.get(slot) ?? null;
    this.fingerprint = table.fingerprintOf(slot);
    this.limits = table.limits[slot] as SessionLimits;
    this.cold = table.cold.get(slot);
    this.usageCount = table.usageCount.get(slot);
    this.errorScore = table.errorScore.get(slot);
    this.createdAt = table.createdAt.get(slot);
    this.expiresAt = table.expiresAt.get(slot);
    this.readyAt = table.readyAt.get(slot);
    this.retiredReason = table.retiredReason.get(slot);
  }
}
