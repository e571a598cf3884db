import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { randomInteger, SeededRandom } from '../../src/core/random.ts';
import { RequestQueue } from '../../src/queue/request-queue.ts';
import { SqliteStorage } from '../../src/storage/sqlite/sqlite-storage.ts';
import { bundleFixture } from '../support/bundle-fixture.ts';
import { openSite } from '../support/local-site.ts';

const PAGES = 400;
const KILLS = 20;
const LOCK_SECS = 0.5;

// A process is started more than twenty times: on a busy machine each takes its time.
test('killed twenty times, a crawl has every page exactly once in the end', {
  timeout: 120_000,
}, async () => {
  const random = new SeededRandom('twenty deaths');
  const fixture = await bundleFixture(
    fileURLToPath(new URL('crawl-kill.fixture.ts', import.meta.url)),
  );
  const folder = await mkdtemp(path.join(tmpdir(), 'troupe-kill-'));
  const file = path.join(folder, 'crawl.sqlite');
  let onVisit = (): void => {};
  let visitsCount = 0;
  await using site = await openSite((request, response) => {
    visitsCount++;
    const number = Number(request.url?.slice(1));
    const links = [1, 2, 3]
      .map((step) => (number * 3 + step) % PAGES)
      .map((link) => `<a href="/${link}">${link}</a>`);
    response.setHeader('content-type', 'text/html');
    response.end(`<title>${number}</title>${links.join('')}`);
    onVisit();
  });
  const crawl = (): ChildProcess =>
    spawn(process.execPath, [fixture, file, `${site.url}/0`, String(LOCK_SECS)], {
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, TROUPE_LOG_LEVEL: 'error' },
    });
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const child = crawl();
      let visitsLeft = 1 + randomInteger(random, 18);
      const turns = randomInteger(random, 40);
      onVisit = () => {
        if (--visitsLeft === 0) void killAfter(child, turns);
      };
      await once(child, 'exit');
      expect(child.signalCode ?? child.exitCode, `life ${kill + 1}`).toBe('SIGKILL');
    }
    onVisit = () => {};
    const last = crawl();
    const [code] = await once(last, 'exit');
    expect(code).toBe(0);

    await using storage = new SqliteStorage({ path: file });
    const dataset = await storage.openDataset('pages');
    const urls: string[] = [];
    for await (const item of dataset.items()) urls.push(item['url'] as string);
    const expected = Array.from({ length: PAGES }, (_, number) => `${site.url}/${number}`);
    expect(urls.toSorted()).toEqual([...expected, ...expected.map((url) => `${url}#2`)].toSorted());
    await using queue = await RequestQueue.open({ storage });
    expect(await queue.getInfo()).toMatchObject({
      totalRequestCount: PAGES,
      handledRequestCount: PAGES,
    });
    // Only what was in flight when a process died was fetched again.
    expect(visitsCount).toBeLessThan(PAGES + KILLS * 40);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

/** Some turns of our event loop later, so that it dies at any step of a page, not only while fetching. */
async function killAfter(child: ChildProcess, turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await setImmediate();
  child.kill('SIGKILL');
}
