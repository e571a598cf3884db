import { compare, type Readings, size } from '../report.ts';
import { filledPool, filledRivalPool } from './pools.ts';

const SESSIONS = size(100_000, 10_000);
const RIVAL_SESSIONS = size(10_000, 1_000);

await compare('memory of an idle session without cookies', {
  columns: { bytes: 'less' },
  against: 'crawlee',
  goal: '≤ 350 bytes',
  subjects: {
    troupe: () => bytesPerSession(SESSIONS, filledPool),
    crawlee: () => bytesPerSession(RIVAL_SESSIONS, filledRivalPool),
  },
});

/** JavaScript heap and typed arrays together, with what the first, empty pool loads taken off. */
async function bytesPerSession(
  sessions: number,
  fill: (sessions: number) => Promise<object>,
): Promise<Readings> {
  const first = await fill(1);
  const before = await bytesInUse();
  const pool = await fill(sessions);
  const bytes = ((await bytesInUse()) - before) / sessions;
  if (first === pool) throw new Error('Both pools must be alive while memory is measured');
  return { bytes };
}

async function bytesInUse(): Promise<number> {
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setImmediate(resolve));
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
