import { compare, type Readings, size } from '../report.ts';
import { filledPool, filledRivalPool } from './pools.ts';

const USES = size(1_000_000, 20_000);
const RIVAL_USES = size(50_000, 2_000);
const RETIRED_EVERY = 10;

for (const sessions of [size(10_000, 1_000), size(100_000, 2_000)]) {
  await compare(`one use in ten retires its session, pool of ${sessions.toLocaleString('en-US')}`, {
    columns: { 'uses/s': 'more' },
    against: 'crawlee',
    goal: '≥ 1M/s',
    subjects: { troupe: () => troupe(sessions), crawlee: () => crawlee(sessions) },
  });
}

/** The pool is kept full: each retired session is replaced at once. */
async function troupe(sessions: number): Promise<Readings> {
  const pool = await filledPool(sessions);
  const readings = await perSecond(USES, async (uses) => {
    for (let index = 0; index < uses; index++) {
      const lease = await pool.lease();
      if (index % RETIRED_EVERY === 0) lease.session.retire();
      lease.report({ kind: 'ok' });
    }
  });
  if (pool.usableSessionsCount < sessions - 1) throw new Error('The pool was not refilled');
  await pool.close();
  return readings;
}

async function crawlee(sessions: number): Promise<Readings> {
  const pool = await filledRivalPool(sessions);
  return perSecond(RIVAL_USES, async (uses) => {
    for (let index = 0; index < uses; index++) {
      const session = await pool.getSession();
      if (index % RETIRED_EVERY === 0) session.retire();
      else session.markGood();
    }
  });
}

async function perSecond(uses: number, use: (uses: number) => Promise<void>): Promise<Readings> {
  await use(uses / 10);
  const began = performance.now();
  await use(uses);
  return { 'uses/s': uses / ((performance.now() - began) / 1_000) };
}
