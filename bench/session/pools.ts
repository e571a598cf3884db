import { SessionPool } from '../../src/session/session-pool.ts';
import type { Storage } from '../../src/storage/storage.ts';
import { rival } from '../rival.ts';

/** Sessions that no limit retires, so that a benchmark sees only what it asks for. */
const ENDLESS = { maxUsageCount: 1_000_000_000, maxAgeSecs: 1_000_000 };

export async function openPool(maxPoolSize: number, storage?: Storage): Promise<SessionPool> {
  return SessionPool.open({
    maxPoolSize,
    ...(storage && { storage }),
    sessionOptions: ENDLESS,
  });
}

export async function filledPool(sessions: number, storage?: Storage): Promise<SessionPool> {
  const pool = await openPool(sessions, storage);
  for (let index = 0; index < sessions; index++) await pool.addSession();
  return pool;
}

/** What the benchmarks use of the rival's session. */
export interface RivalSession {
  markGood(): void;
  retire(): void;
  setCookie(raw: string, url: string): void;
}

/** What the benchmarks use of the rival's pool. */
export interface RivalPool {
  readonly sessions: RivalSession[];
  initialize(): Promise<void>;
  addSession(): Promise<void>;
  getSession(): Promise<RivalSession>;
  persistState(): Promise<void>;
  teardown(options: { persistState: boolean }): Promise<void>;
}

interface RivalPackage {
  SessionPool: new (options: object) => RivalPool;
}

export async function openRivalPool(
  maxPoolSize: number,
  { isPersistent }: { isPersistent: boolean },
): Promise<RivalPool> {
  const pool = new (rival<RivalPackage>('@crawlee/core').SessionPool)({
    maxPoolSize,
    sessionOptions: ENDLESS,
    persistenceOptions: { enable: isPersistent },
  });
  await pool.initialize();
  return pool;
}

export async function filledRivalPool(
  sessions: number,
  options: { isPersistent: boolean } = { isPersistent: false },
): Promise<RivalPool> {
  const pool = await openRivalPool(sessions, options);
  for (let index = 0; index < sessions; index++) await pool.addSession();
  return pool;
}
