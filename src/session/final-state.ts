import type { Fingerprint } from '../core/fingerprint.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { ColdState } from './cold-state.ts';
import type { SlotTable } from './slot-table.ts';

/** The columns that can be read of a session, alive or retired. */
export type ReadableColumn =
  | 'usageCount'
  | 'maxUsageCount'
  | 'errorScore'
  | 'maxErrorScore'
  | 'errorScoreDecrement'
  | 'maxAgeSecs'
  | 'createdAt'
  | 'expiresAt'
  | 'readyAt'
  | 'maxConcurrency'
  | 'minIntervalMs'
  | 'retiredReason';

/** What remains of a session when its slot goes to another: made once, for its handle and its obituary. */
export class FinalState implements Readonly<Record<ReadableColumn, number>> {
  readonly id: string;
  readonly proxy: ProxyInfo | null;
  readonly fingerprint: Fingerprint;
  cold: ColdState | undefined;
  readonly usageCount: number;
  readonly maxUsageCount: number;
  readonly errorScore: number;
  readonly maxErrorScore: number;
  readonly errorScoreDecrement: number;
  readonly maxAgeSecs: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly readyAt: number;
  readonly maxConcurrency: number;
  readonly minIntervalMs: number;
  readonly retiredReason: number;

  constructor(table: SlotTable, slot: number) {
    this.id = table.ids[slot] as string;
    this.proxy = table.proxies[slot] ?? null;
    this.fingerprint = table.fingerprintOf(slot);
    this.cold = table.cold[slot];
    this.usageCount = table.usageCount[slot] as number;
    this.maxUsageCount = table.maxUsageCount[slot] as number;
    this.errorScore = table.errorScore[slot] as number;
    this.maxErrorScore = table.maxErrorScore[slot] as number;
    this.errorScoreDecrement = table.errorScoreDecrement[slot] as number;
    this.maxAgeSecs = table.maxAgeSecs[slot] as number;
    this.createdAt = table.createdAt[slot] as number;
    this.expiresAt = table.expiresAt[slot] as number;
    this.readyAt = table.readyAt[slot] as number;
    this.maxConcurrency = table.maxConcurrency[slot] as number;
    this.minIntervalMs = table.minIntervalMs[slot] as number;
    this.retiredReason = table.retiredReason[slot] as number;
  }
}
