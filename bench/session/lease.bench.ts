import { compare, type Readings, size } from '../report.ts';
import { filledPool, filledRivalPool } from './pools.ts';

const USES = size(1_000_000, 20_000);

await compare('lease and a good mark, pool of 1,000', {
  columns: { 'uses/s': 'more' },
  against: 'crawlee',
  goal: '≥ 1M/s',
  subjects: { troupe: () => troupe(1_000), crawlee: () => crawlee(1_000) },
});

const MANY = size(1_000_000, 20_000);

await compare(`lease and a good mark, pool of ${MANY.toLocaleString('en-US')}`, {
  columns: { 'uses/s': 'more' },
  against: 'troupe',
  goal: 'within 2 × of 1M/s; filling the rival so far takes minutes',
  subjects: { troupe: () => troupe(MANY) },
});

async function troupe(sessions: number): Promise<Readings> {
  const pool = await filledPool(sessions);
  const readings = await perSecond(async (uses) => {
    for (let index = 0; index < uses; index++) {
      const lease = await pool.lease();
      lease.report({ kind: 'ok' });
    }
  });
  await pool.close();
  return readings;
}

async function crawlee(sessions: number): Promise<Readings> {
  const pool = await filledRivalPool(sessions);
  return perSecond(async (uses) => {
    for (let index = 0; index < uses; index++) {
      const session = await pool.getSession();
      session.markGood();
    }
  });
}

async function perSecond(use: (uses: number) => Promise<void>): Promise<Readings> {
  await use(USES / 10);
  const began = performance.now();
  await use(USES);
  return { 'uses/s': USES / ((performance.now() - began) / 1_000) };
}
