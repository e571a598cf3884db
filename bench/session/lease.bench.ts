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
  goal: 'within 2 × of the pool of 1,000; filling the rival so far takes minutes',
  subjects: { troupe: () => troupe(MANY) },
});

async function troupe(sessions: number): Promise<Readings> {
  const pool = await filledPool(sessions);
  const use = async (): Promise<void> => {
    const lease = await pool.lease();
    lease.report({ kind: 'ok' });
  };
  const readings = await perSecond(use);
  await pool.close();
  return readings;
}

async function crawlee(sessions: number): Promise<Readings> {
  const pool = await filledRivalPool(sessions);
  return perSecond(async () => {
    const session = await pool.getSession();
    session.markGood();
  });
}

async function perSecond(use: () => Promise<void>): Promise<Readings> {
  for (let warmUp = 0; warmUp < USES / 10; warmUp++) await use();
  const began = performance.now();
  for (let index = 0; index < USES; index++) await use();
  return { 'uses/s': USES / ((performance.now() - began) / 1_000) };
}
