import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Lease } from '../../src/session/lease.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisServer } from '../support/redis-server.ts';
import { isSettled } from '../support/session-pools.ts';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const LEASE_MS = 10_000;

let server: RedisServer;
let fleet: Fleet;
let one: SessionPool;
let other: SessionPool;
beforeEach(async () => {
  server = await RedisServer.start(DURABLE);
  fleet = new Fleet(server.url);
  const options = { maxPoolSize: 2, sessionOptions: { maxUsageCount: 100 } };
  [one, other] = [await fleet.join(options), await fleet.join(options)];
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  await server.stop();
});

/** Each worker has one of the two sessions, and the server knows of five uses of each. */
async function fiveUsesEach(): Promise<string[]> {
  const ids: string[] = [];
  for (const pool of [one, other]) {
    for (let n = 0; n < 5; n++) {
      const lease = await fleet.until(pool.lease());
      if (n === 4) ids.push(lease.session.id);
      lease.report({ kind: 'timeout' });
      lease.session.markGood();
      lease.session.markGood();
    }
  }
  await fleet.pass(1000);
  return ids;
}

async function timePasses(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) await fleet.clock.advance(100);
}

test('workers whose Redis is away for longer than their lease lend nothing, learn that they lost, and go on', async () => {
  await fiveUsesEach();
  const open = await fleet.until(one.lease());
  const { id } = open.session;
  await server.kill();
  await timePasses(LEASE_MS + 1000);
  const waiting: Promise<Lease>[] = [one.lease(), other.lease()];
  for (const lease of waiting) expect(await isSettled(lease, fleet.clock)).toBe(false);
  expect(open.session.isUsable()).toBe(true);
  await server.restart();
  const leases = await fleet.until(Promise.all(waiting));
  const [first, second] = leases.map(({ session }) => session.id);
  expect(first).not.toBe(second);
  expect(open.session.isUsable()).toBe(false);
  open.session.markBad();
  expect(() => open.report({ kind: 'blocked' })).not.toThrow();
  expect(fleet.log.join('\n')).toMatch(/no longer in its hand, and what 1 requests in flight/);
  const again = leases.find(({ session }) => session.id === id) as Lease;
  expect(again.session.retiredReason).toBeNull();
  // All that was written is there, and of what was not a fifth of the limit counts as used.
  expect(again.session.usageCount).toBeGreaterThanOrEqual(6);
});

test('workers whose Redis is away for less lose nothing, and have their sessions still', async () => {
  await fiveUsesEach();
  const open = await fleet.until(one.lease());
  const before = open.session.usageCount;
  await server.kill();
  await timePasses(3000);
  open.session.setCookie('login=yes; Path=/', 'https://site.example/');
  open.report({ kind: 'timeout' });
  await server.restart();
  await fleet.pass(2000);
  const state = one.explain(open.session.id);
  expect(state).toMatchObject({ state: 'usable', usageCount: before, errorScore: 1 });
  expect(fleet.log.join('\n')).not.toMatch(/no longer in its hand/);
  await one.close();
  const taken = await fleet.until(other.lease({ sessionId: open.session.id }));
  expect(taken.session.getCookieString('https://site.example/')).toBe('login=yes');
  expect([taken.session.usageCount, taken.session.errorScore]).toEqual([before + 1, 1]);
});
