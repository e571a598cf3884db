import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { bundleFixture } from '../support/bundle-fixture.ts';
import { openSite } from '../support/local-site.ts';
import { RedisServer } from '../support/redis-server.ts';

const PAGES = 5000;
const WORKERS = 4;
const CONCURRENCY = 10;
const LOCK_SECS = 2;

test('four processes bring every page in, though two are killed and Redis restarts', {
  timeout: 120_000,
}, async () => {
  const fixture = await bundleFixture(
    fileURLToPath(new URL('fleet-worker.fixture.ts', import.meta.url)),
  );
  await using server = await RedisServer.start(['--appendonly', 'yes', '--appendfsync', 'always']);
  const at = new Map<number, () => void>();
  let visitsCount = 0;
  await using site = await openSite((request, response) => {
    const number = Number(request.url?.slice(1));
    const links = [1, 2, 3].map((step) => `/${(number * 3 + step) % PAGES}`);
    response.setHeader('content-type', 'text/plain');
    response.end(links.join('\n'));
    at.get(++visitsCount)?.();
  });
  const workers = Array.from({ length: WORKERS }, () => startWorker(fixture, server, site.url));
  try {
    const restarted = new Promise<void>((resolve, reject) => {
      at.set(2500, () => server.kill().then(() => server.restart().then(resolve, reject)));
    });
    at.set(1250, () => workers[0]?.kill('SIGKILL'));
    at.set(3750, () => workers[1]?.kill('SIGKILL'));
    const ends = await Promise.all(workers.map(endOf));
    expect(ends).toEqual(['SIGKILL', 'SIGKILL', 0, 0]);
    await restarted;

    await using storage = new RedisStorage({ url: server.url });
    const urls: unknown[] = [];
    for await (const item of (await storage.openDataset('default')).items()) urls.push(item['url']);
    const expected = Array.from({ length: PAGES }, (_, number) => `${site.url}/${number}`);
    expect(urls.toSorted()).toEqual(expected.toSorted());
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
    expect(visitsCount - PAGES).toBeLessThanOrEqual((2 + WORKERS) * CONCURRENCY);
  } finally {
    for (const worker of workers) worker.kill('SIGKILL');
    await Promise.all(workers.map(endOf));
  }
});

function startWorker(fixture: string, server: RedisServer, siteUrl: string): ChildProcess {
  const args = [fixture, server.url, `${siteUrl}/0`, `${LOCK_SECS}`, `${CONCURRENCY}`];
  return spawn(process.execPath, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, TROUPE_LOG_LEVEL: 'error' },
  });
}

async function endOf(child: ChildProcess): Promise<number | string | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode ?? child.exitCode;
}
