import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../../src/session/lease.ts';
import type { SessionPool } from '../../src/session/session-pool.ts';
import { Fleet } from '../support/fleet-pools.ts';
import { RedisRelay } from '../support/redis-relay.ts';
import { RedisServer } from '../support/redis-server.ts';
import { isSettled } from '../support/session-pools.ts';
import { SessionTruth } from '../support/session-truth.ts';

const DURABLE = ['--appendonly', 'yes', '--appendfsync', 'always'];
const LEASE_MS = 10_000;
const OUTAGE_MS = 30_000;

let server: RedisServer;
let fleet: Fleet;
let truth: SessionTruth;
beforeEach(async () => {
  server = await RedisServer.start(DURABLE);
  fleet = new Fleet(server.url);
  truth = new SessionTruth();
});
afterEach(async () => {
  await fleet[Symbol.asyncDispose]();
  await server.stop();
});

/** Without an answer of the server's. */
async function timePasses(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) await fleet.clock.advance(100);
}

async function leases(pool: SessionPool, count: number): Promise<Lease[]> {
  const taken = await fleet.until(
    Promise.all(Array.from({ length: count }, async () => truth.began(await pool.lease()))),
  );
  return taken;
}

/** It is in the worker's hand: no server is needed for it. */
async function again(pool: SessionPool, { session }: Lease): Promise<Lease> {
  return truth.began(await pool.lease({ sessionId: session.id }));
}

describe('an outage of 30 s', () => {
  const options = {
    maxPoolSize: 10,
    sessionOptions: { maxUsageCount: 100, maxErrorScore: 20, maxConcurrency: 1 },
  };

  /** Five sessions of a worker: two retire, one has cookies, one fails, one is all right. */
  async function worker() {
    const pool = await fleet.join(options);
    const first = await leases(pool, 5);
    for (const lease of first) truth.ended(lease, 'ok');
    const [plain, failing, baking, early, late] = first as [Lease, Lease, Lease, Lease, Lease];
    await fleet.pass(1500);
    // Nothing of this is written when the server dies.
    truth.ended(await again(pool, plain), 'timeout');
    const bakingAgain = await again(pool, baking);
    truth.cookie(bakingAgain, 'before=1; Path=/');
    truth.cookie(bakingAgain, 'twice=before; Path=/');
    truth.ended(bakingAgain, 'ok');
    truth.ended(await again(pool, early), 'blocked');
    const whenDown = async () => {
      truth.ended(await again(pool, plain), 'ok');
      truth.ended(await again(pool, late), 'blocked');
      for (let n = 0; n < 3; n++) truth.ended(await again(pool, failing), 'timeout');
      return [await again(pool, failing), await again(pool, baking)] as const;
    };
    return { pool, plain, whenDown };
  }

  it('leaves all sessions as if there had been none, with what was open all the while', async () => {
    const workers = [await worker(), await worker()];
    await server.kill();
    await timePasses(300);
    const open: Lease[] = [];
    for (const { whenDown } of workers) {
      const [failing, baking] = await whenDown();
      open.push(failing, baking);
      truth.cookie(baking, 'during=1; Path=/');
    }
    await timePasses(LEASE_MS + 1000);
    for (const [index, lease] of open.entries()) {
      // Half of them is over before the server is back, half of them after.
      if (index % 2 === 1) truth.cookie(lease, 'twice=late; Path=/');
      if (index < 2) truth.ended(lease, index === 0 ? 'timeout' : 'ok');
    }
    // With leases that may be over, nothing is lent.
    const waiting = workers.map(({ pool, plain }) => pool.lease({ sessionId: plain.session.id }));
    for (const lease of waiting) expect(await isSettled(lease, fleet.clock)).toBe(false);
    await timePasses(OUTAGE_MS - LEASE_MS - 1300);
    await server.restart();
    for (const lease of waiting) truth.ended(truth.began(await fleet.until(lease)), 'ok');
    for (const [index, lease] of open.entries()) {
      if (index >= 2) expect(lease.session.isUsable()).toBe(true);
      if (index >= 2) truth.ended(lease, index === 2 ? 'timeout' : 'ok');
    }
    await fleet.pass(2000);
    expect(fleet.log.join('\n')).toMatch(/its 3 sessions are still its own, and nothing is lost/);
    await Promise.all(workers.map(({ pool }) => pool.close()));
    await truth.check(await fleet.join(options), fleet);
  });

  it('takes no session over its limit, nor back from its retirement', async () => {
    const pool = await fleet.join(options);
    const few = await pool.addSession({ id: 'few', maxUsageCount: 5 });
    for (let n = 0; n < 3; n++) {
      truth.ended(truth.began(await pool.lease({ sessionId: few.id })), 'ok');
    }
    await fleet.pass(1500);
    await server.kill();
    await timePasses(100);
    truth.ended(truth.began(await pool.lease({ sessionId: few.id })), 'ok');
    const last = truth.began(await pool.lease({ sessionId: few.id }));
    await timePasses(OUTAGE_MS);
    truth.ended(last, 'ok');
    expect(few).toMatchObject({ usageCount: 5, retiredReason: 'exhausted' });
    await server.restart();
    await fleet.pass(3000);
    await pool.close();
    await truth.check(await fleet.join(options), fleet);
  });
});

describe('a worker that is cut off while the others are not', () => {
  const options = {
    maxPoolSize: 3,
    sessionOptions: { maxUsageCount: 100, maxErrorScore: 20, maxConcurrency: 1 },
  };

  it('keeps what nobody took, and adds what it did to what others have', async () => {
    await using relay = await RedisRelay.start(server.port);
    const cut = await fleet.join(options, fleet.storageVia(relay.url));
    const other = await fleet.join(options);
    const [taken, gone, kept] = (await leases(cut, 3)) as [Lease, Lease, Lease];
    for (const lease of [taken, gone, kept]) truth.ended(lease, 'ok');
    await fleet.pass(1500);
    relay.stall();
    truth.ended(await again(cut, taken), 'timeout');
    const open = await again(cut, taken);
    truth.cookie(open, 'both=cut; Path=/');
    truth.ended(await again(cut, gone), 'blocked');
    const openOfKept = await again(cut, kept);
    await fleet.pass(LEASE_MS + 500);
    const patience = new AbortController();
    const nothing = cut.lease({ sessionId: kept.session.id, signal: patience.signal });
    expect(await isSettled(nothing, fleet.clock)).toBe(false);
    patience.abort();
    await expect(nothing).rejects.toThrow(/aborted/);

    const atOther = truth.beganElsewhere(
      await fleet.until(other.lease({ sessionId: taken.session.id })),
    );
    truth.cookie(atOther, 'both=other; Path=/');
    const retired = await fleet.until(other.lease({ sessionId: gone.session.id }));
    await fleet.pass(OUTAGE_MS - LEASE_MS);
    truth.cookie(open, 'late=cut; Path=/');
    relay.resume();
    await fleet.pass(3000);
    // It still belongs to the other one, which has heard of what has retired.
    expect(cut.explain(taken.session.id)?.state).toBe('elsewhere');
    expect(atOther.session.isUsable()).toBe(true);
    expect(retired.session.retiredReason).toBe('blocked');
    retired.release();
    truth.ended(open, 'timeout');
    truth.ended(openOfKept, 'timeout');
    await fleet.pass(2000);
    truth.ended(atOther, 'timeout');
    await fleet.pass(2000);
    expect(fleet.log.join('\n')).toMatch(/1 of its 2 sessions are no longer in its hand/);
    await Promise.all([cut, other].map((pool) => pool.close()));
    await truth.check(await fleet.join(options), fleet);
  });

  it.each([
    ['what it asked for', false],
    ['the news that it has a session', true],
  ])('lends no session that another has when it hears too late of %s', async (_what, isHeld) => {
    await using relay = await RedisRelay.start(server.port);
    const cut = await fleet.join({ ...options, maxPoolSize: 1 }, fleet.storageVia(relay.url));
    const other = await fleet.join({ ...options, maxPoolSize: 1 });
    const [first] = (await leases(isHeld ? cut : other, 1)) as [Lease];
    const { id } = first.session;
    truth.ended(first, 'ok');
    if (!isHeld) await other.close();
    await fleet.pass(1500);
    relay.stallAnswers();
    const patience = new AbortController();
    const late = isHeld ? undefined : cut.lease({ signal: patience.signal });
    await fleet.pass(2000);
    const third = await fleet.join({ ...options, maxPoolSize: 1 });
    await fleet.pass(LEASE_MS + 500);
    const atThird = await fleet.until(third.lease({ sessionId: id }));
    const waiting = late ?? cut.lease({ sessionId: id, signal: patience.signal });
    relay.resume();
    await fleet.pass(3000);
    expect(fleet.log.join('\n')).toMatch(/1 of its 1 sessions are no longer in its hand/);
    expect(await isSettled(waiting, fleet.clock)).toBe(false);
    expect(atThird.session.isUsable()).toBe(true);
    patience.abort();
    await expect(waiting).rejects.toThrow(/aborted/);
    atThird.release();
    await cut.close();
  });

  it('lends a session that is made meanwhile once the store has a place for it', async () => {
    await using relay = await RedisRelay.start(server.port);
    let finish = (): void => {};
    const isMade = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const createSessionFunction = () => isMade.then(() => ({ id: 'made' }));
    const cut = await fleet.join(
      { ...options, createSessionFunction },
      fleet.storageVia(relay.url),
    );
    const other = await fleet.join(options);
    const waiting = cut.lease();
    await fleet.pass(1500);
    relay.stall();
    await fleet.pass(LEASE_MS + 500);
    finish();
    await fleet.pass(200);
    expect(await isSettled(waiting, fleet.clock)).toBe(false);
    relay.resume();
    truth.ended(truth.began(await fleet.until(waiting)), 'ok');
    await Promise.all([cut, other].map((pool) => pool.close()));
    await truth.check(await fleet.join(options), fleet);
  });

  it('adds what comes of a request in flight while it offers what it had', async () => {
    await using relay = await RedisRelay.start(server.port);
    const cut = await fleet.join(options, fleet.storageVia(relay.url));
    const other = await fleet.join(options);
    const [open] = (await leases(cut, 1)) as [Lease];
    truth.cookie(open, 'early=1; Path=/');
    await fleet.pass(1500);
    relay.stall();
    await fleet.pass(LEASE_MS + 500);
    const atOther = truth.beganElsewhere(
      await fleet.until(other.lease({ sessionId: open.session.id })),
    );
    // That the lease was over it hears, not yet what is left of its hand.
    relay.stallAnswers(1);
    relay.resume();
    await fleet.pass(1000);
    expect(cut.explain(open.session.id)?.state).toBe('in use');
    truth.cookie(open, 'late=1; Path=/');
    truth.ended(open, 'timeout');
    relay.resume();
    await fleet.pass(2000);
    expect(cut.explain(open.session.id)?.state).toBe('elsewhere');
    truth.ended(atOther, 'timeout');
    await fleet.pass(2000);
    await Promise.all([cut, other].map((pool) => pool.close()));
    await truth.check(await fleet.join(options), fleet);
  });

  it('retires for all a session that a request in flight finds blocked, once it is back', async () => {
    await using relay = await RedisRelay.start(server.port);
    const cut = await fleet.join(options, fleet.storageVia(relay.url));
    const other = await fleet.join(options);
    const [open] = (await leases(cut, 1)) as [Lease];
    await fleet.pass(1500);
    relay.stall();
    await fleet.pass(LEASE_MS + 500);
    const atOther = await fleet.until(other.lease({ sessionId: open.session.id }));
    relay.resume();
    await fleet.pass(2000);
    expect(open.session.isUsable()).toBe(false);
    open.report({ kind: 'blocked', status: 403 });
    await fleet.pass(2000);
    expect(atOther.session.retiredReason).toBe('blocked');
    await cut.close();
  });
});

it('workers whose Redis is away for less than their lease have their sessions still', async () => {
  const options = { maxPoolSize: 2, sessionOptions: { maxUsageCount: 100, maxConcurrency: 1 } };
  const [one, other] = [await fleet.join(options), await fleet.join(options)];
  const [open] = (await leases(one, 1)) as [Lease];
  await fleet.pass(1000);
  await server.kill();
  await timePasses(3000);
  truth.cookie(open, 'login=yes; Path=/');
  truth.ended(open, 'timeout');
  await server.restart();
  await fleet.pass(2000);
  expect(one.explain(open.session.id)).toMatchObject({ state: 'usable', errorScore: 1 });
  expect(fleet.log.join('\n')).not.toMatch(/did not hear of this worker/);
  await one.close();
  await truth.check(other, fleet);
});
