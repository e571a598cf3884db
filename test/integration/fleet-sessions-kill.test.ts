import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { SessionPool } from '../../src/session/session-pool.ts';
import { RedisStorage } from '../../src/storage/redis/redis-storage.ts';
import { bundleFixture } from '../support/bundle-fixture.ts';
import { RedisServer } from '../support/redis-server.ts';

test('what a killed worker held comes to others, with all it knew a second before', async () => {
  const fixture = await bundleFixture(
    fileURLToPath(new URL('fleet-sessions-kill.fixture.ts', import.meta.url)),
  );
  await using server = await RedisServer.start();
  const child = spawn(process.execPath, [fixture, server.url], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  try {
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const [id, usageCount] = line.split(' ');
    child.kill('SIGKILL');
    await closed;
    await using storage = new RedisStorage({ url: server.url });
    await using pool = await SessionPool.open({ storage, handLeaseSecs: 3, maxPoolSize: 1 });
    await using lease = await pool.lease({ timeoutSecs: 10 });
    const { session } = lease;
    expect(session.id).toBe(id);
    // Nobody knows how often it was used of late: as often as it may have been.
    expect(session.usageCount).toBeGreaterThan(Number(usageCount));
    expect(session.errorScore).toBe(1);
    expect(session.getCookieString('https://site.example/')).toBe('login=secret');
  } finally {
    child.kill('SIGKILL');
    await closed;
  }
});
