import { expect, test } from 'vitest';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { RedisServer } from '../support/redis-server.ts';
import { allUrls, crawledUrls, fleetWorkers, openFleetSite } from './fleet-workers.ts';

const PAGES = 5000;
const WORKERS = 4;
const CONCURRENCY = 10;
const LOCK_SECS = 2;

// Four processes share what cores there are with Redis, which writes every command to the disk.
test('four processes bring every page in, though two are killed and Redis restarts', {
  timeout: 120_000,
}, async () => {
  await using server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  const actions = new Map<number, () => void>();
  await using site = await openFleetSite({
    pages: PAGES,
    onVisit: (visit) => void actions.get(visit)?.(),
  });
  await using fleet = await fleetWorkers();
  const workers = Array.from({ length: WORKERS }, () =>
    fleet.start({
      redisUrl: server.url,
      startUrl: `${site.url}/0`,
      lockSecs: LOCK_SECS,
      concurrency: CONCURRENCY,
    }),
  );
  const restarted = new Promise<void>((resolve, reject) => {
    actions.set(PAGES * 0.5, () =>
      server.kill().then(() => server.restart().then(resolve, reject)),
    );
  });
  actions.set(PAGES * 0.25, () => workers[0]?.child.kill('SIGKILL'));
  actions.set(PAGES * 0.75, () => workers[1]?.child.kill('SIGKILL'));
  const ends = await Promise.all(workers.map(({ ended }) => ended));
  expect(ends).toEqual(['SIGKILL', 'SIGKILL', 0, 0]);
  await restarted;

  expect(await crawledUrls(server.url)).toEqual(allUrls(site));
  await using storage = new RedisStorage({ url: server.url });
  await using queue = await RequestQueue.open({ storage });
  expect(await queue.getInfo()).toEqual({
    name: 'default',
    totalRequestCount: PAGES,
    handledRequestCount: PAGES,
    pendingRequestCount: 0,
    lockedRequestCount: 0,
  });
  // Fetched twice: at most what was in flight in the two that were killed, and in those whose locks may have run
  // out while the server was away.
  expect(site.visitsCount - PAGES).toBeLessThanOrEqual((2 + WORKERS) * CONCURRENCY);
});
