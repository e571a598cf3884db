import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { compare, type Readings, size } from '../report.ts';
import { timed } from '../stall.ts';
import { filledPool, filledRivalPool, openPool, openRivalPool } from './pools.ts';

const SESSIONS = size(100_000, 2_000);
/** The rival restores 100,000 in over a minute; a tenth shows what it does. */
const RIVAL_SESSIONS = size(10_000, 500);
const CHANGED_EVERY = 100;
const COOKIES = 5;
const SITE = 'https://shop.example/';

const crawlee = `crawlee, ${RIVAL_SESSIONS.toLocaleString('en-US')} sessions`;

await compare(
  `saving the 1 % that changed of ${SESSIONS.toLocaleString('en-US')} sessions with 5 cookies each`,
  {
    columns: { ms: 'less', 'longest stall, ms': 'less' },
    against: crawlee,
    goal: '≤ 200 ms, no stall over 20 ms',
    subjects: { troupe: () => inFolder(saving), [crawlee]: () => inFolder(savingRival) },
  },
);

await compare(`restoring ${SESSIONS.toLocaleString('en-US')} sessions with 5 cookies each`, {
  columns: { ms: 'less', 'longest stall, ms': 'less' },
  against: crawlee,
  goal: '≤ 3 s',
  subjects: { troupe: () => inFolder(restoring), [crawlee]: () => inFolder(restoringRival) },
});

async function saving(folder: string): Promise<Readings> {
  await using storage = new SqliteStorage({ path: path.join(folder, 'state.db') });
  const pool = await filledPool(SESSIONS, storage);
  for (const session of pool.sessions) addCookies(session);
  await pool.persistState();
  let index = 0;
  for (const session of pool.sessions) {
    if (index++ % CHANGED_EVERY !== 0) continue;
    session.markGood();
    session.setCookie('visits=2; Path=/', SITE);
  }
  const readings = await timed(() => pool.persistState());
  await pool.close();
  return readings;
}

async function restoring(folder: string): Promise<Readings> {
  const file = { path: path.join(folder, 'state.db') };
  const first = new SqliteStorage(file);
  const pool = await filledPool(SESSIONS, first);
  for (const session of pool.sessions) addCookies(session);
  await pool.close();
  await first.close();
  await using storage = new SqliteStorage(file);
  return await timed(async () => {
    const restored = await openPool(SESSIONS, storage);
    if (restored.usableSessionsCount !== SESSIONS) throw new Error('Sessions were lost');
  });
}

async function savingRival(): Promise<Readings> {
  const pool = await filledRivalPool(RIVAL_SESSIONS, { isPersistent: true });
  for (const session of pool.sessions) addCookies(session);
  await pool.persistState();
  for (let index = 0; index < RIVAL_SESSIONS; index += CHANGED_EVERY) {
    pool.sessions[index]?.markGood();
    pool.sessions[index]?.setCookie('visits=2; Path=/', SITE);
  }
  return timed(() => pool.persistState());
}

async function restoringRival(): Promise<Readings> {
  const pool = await filledRivalPool(RIVAL_SESSIONS, { isPersistent: true });
  for (const session of pool.sessions) addCookies(session);
  await pool.teardown({ persistState: true });
  return timed(async () => {
    const restored = await openRivalPool(RIVAL_SESSIONS, { isPersistent: true });
    if (restored.sessions.length !== RIVAL_SESSIONS) throw new Error('Sessions were lost');
  });
}

function addCookies(session: { setCookie(raw: string, url: string): void }): void {
  for (let index = 0; index < COOKIES; index++) {
    session.setCookie(`cookie${index}=value-${index}; Path=/; Max-Age=86400; Secure`, SITE);
  }
}

async function inFolder(measure: (folder: string) => Promise<Readings>): Promise<Readings> {
  const folder = mkdtempSync(path.join(tmpdir(), 'troupe-bench-'));
  process.env['CRAWLEE_STORAGE_DIR'] = path.join(folder, 'crawlee');
  process.env['CRAWLEE_LOG_LEVEL'] = 'ERROR';
  try {
    return await measure(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
