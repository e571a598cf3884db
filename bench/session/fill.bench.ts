import { compare, type Readings, size } from '../report.ts';
import { openPool, openRivalPool } from './pools.ts';

const SESSIONS = size(300_000, 5_000);
const RIVAL_SESSIONS = size(10_000, 500);

await compare('filling a pool', {
  columns: { 'sessions/s': 'more' },
  against: 'crawlee',
  goal: '≥ 300k/s',
  subjects: {
    troupe: async () => {
      const pool = await openPool(SESSIONS);
      return perSecond(SESSIONS, () => pool.addSession());
    },
    crawlee: async () => {
      const pool = await openRivalPool(RIVAL_SESSIONS, { isPersistent: false });
      return perSecond(RIVAL_SESSIONS, () => pool.addSession());
    },
  },
});

async function perSecond(sessions: number, add: () => Promise<unknown>): Promise<Readings> {
  const began = performance.now();
  for (let index = 0; index < sessions; index++) await add();
  return { 'sessions/s': sessions / ((performance.now() - began) / 1_000) };
}
