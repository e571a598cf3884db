import { afterEach, describe, expect, it } from 'vitest';
import {
  closePools,
  isSettled,
  openPool,
  proxies,
  proxy,
} from '../../../test/support/session-pools.ts';
import type { FakeClock } from '../../core/fake-clock.ts';
import type { ProxySource } from '../../proxy/proxy-info.ts';
import type { Outcome } from '../outcome.ts';
import type { SessionPoolOptions } from '../pool-options.ts';
import type { SessionPool } from '../session-pool.ts';

afterEach(closePools);

const A = 'https://a.example/page';
const B = 'https://b.example/page';
const ENDLESS = { maxUsageCount: 1_000_000, maxAgeSecs: 1_000_000 };

function open(options: SessionPoolOptions = {}): Promise<{ pool: SessionPool; clock: FakeClock }> {
  return openPool({
    selection: 'adaptive',
    maxPoolSize: 10,
    proxyConfiguration: proxies(),
    sessionOptions: ENDLESS,
    ...options,
  });
}

/** So many proxies, handed out in turn. */
function few(count: number): ProxySource {
  let next = 0;
  return {
    bind: () => proxy(next++ % count),
    restore: () => {},
    release: () => {},
    report: () => {},
  };
}

/** As many, in turn but for the one that is asked for. */
function preferring(count: number): ProxySource {
  const inTurn = few(count);
  return {
    ...inTurn,
    bind: (id, options) => {
      const preferred = Array.from({ length: count }, (_, n) => proxy(n)).find(
        ({ url }) => url === options?.prefer,
      );
      return preferred ?? inTurn.bind(id);
    },
  };
}

async function use(pool: SessionPool, outcome: Outcome, url = A): Promise<string> {
  const lease = await pool.lease({ url });
  lease.report(outcome);
  return lease.session.id;
}

describe('pacing', () => {
  it('keeps an address from the site that asked for a rest, and lends its other session to another site', async () => {
    const { pool, clock } = await open({ maxPoolSize: 2, proxyConfiguration: few(1) });
    const first = await pool.lease({ url: A });
    first.report({ kind: 'throttled', status: 429, retryAfterSecs: 20 });
    const waiting = pool.lease({ url: A });
    expect(await isSettled(waiting, clock)).toBe(false);
    const other = await pool.lease({ url: B });
    expect(other.session.proxyInfo?.url).toBe(first.session.proxyInfo?.url);
    other.report({ kind: 'ok' });
    await clock.advance(19_999);
    expect(await isSettled(waiting, clock)).toBe(false);
    await clock.advance(30_000);
    expect(await isSettled(waiting, clock)).toBe(true);
  });

  it('holds for a session that is asked for by name, too', async () => {
    const { pool, clock } = await open({ maxPoolSize: 2, proxyConfiguration: few(1) });
    const first = await pool.addSession();
    const second = await pool.addSession();
    const lease = await pool.lease({ url: A, sessionId: first.id });
    lease.report({ kind: 'throttled', status: 429, retryAfterSecs: 20 });
    const pinned = pool.lease({ url: A, sessionId: second.id });
    const elsewhere = pool.lease({ url: B, sessionId: second.id });
    expect(await isSettled(elsewhere, clock)).toBe(true);
    (await elsewhere).report({ kind: 'ok' });
    expect(await isSettled(pinned, clock)).toBe(false);
    await clock.advance(30_000);
    expect(await isSettled(pinned, clock)).toBe(true);
  });

  it('starts, after the first 429, from the load of the address it came to', async () => {
    const { pool, clock } = await open();
    for (let n = 0; n < 9; n++) await use(pool, { kind: 'ok' });
    const busy = (await use(pool, { kind: 'ok' })) as string;
    for (let n = 0; n < 60; n++) {
      const lease = await pool.lease({ url: A, sessionId: busy });
      await clock.advance(500);
      lease.report({ kind: 'ok' });
    }
    const lease = await pool.lease({ url: A, sessionId: busy });
    lease.report({ kind: 'throttled', status: 429, retryAfterSecs: 1 });
    const { pacing } = pool.explainOrigin(A) as NonNullable<ReturnType<typeof pool.explainOrigin>>;
    expect(pacing.observed).toBeLessThan(0.5);
    expect(pacing.rate).toBeGreaterThan(0.9);
    expect(pacing.rate).toBeLessThan(1.1);
  });

  it('serves those who wait for one site in the order they came', async () => {
    const { pool, clock } = await open({ maxPoolSize: 1 });
    await use(pool, { kind: 'throttled', status: 429, retryAfterSecs: 5 });
    const order: number[] = [];
    const waiting = [0, 1, 2].map(async (n) => {
      const lease = await pool.lease({ url: A });
      order.push(n);
      lease.report({ kind: 'ok' });
    });
    await clock.advance(60_000);
    await Promise.all(waiting);
    expect(order).toEqual([0, 1, 2]);
  });
});

describe('picks', () => {
  it('learn to leave out the half of the addresses that is dead', async () => {
    const { pool, clock } = await open({ maxPoolSize: 20, proxyConfiguration: few(10) });
    let failures = 0;
    for (let n = 0; n < 500; n++) {
      const lease = await pool.lease({ url: A });
      const isDead = (lease.session.proxyInfo?.port as number) % 2 === 0;
      if (isDead) failures++;
      lease.report(isDead ? { kind: 'proxy' } : { kind: 'ok', latencyMs: 100 });
      await clock.advance(100);
    }
    expect(failures).toBeLessThan(25);
  });

  it('send one request through a proxy until something has come back through it', async () => {
    const { pool, clock } = await open({ maxPoolSize: 4, proxyConfiguration: few(2) });
    const [first, second] = [await pool.lease({ url: A }), await pool.lease({ url: A })];
    expect(first.session.proxyInfo?.url).not.toBe(second.session.proxyInfo?.url);
    const third = pool.lease({ url: A });
    expect(await isSettled(third, clock)).toBe(false);
    first.report({ kind: 'ok' });
    expect((await third).session.proxyInfo?.url).toBe(first.session.proxyInfo?.url);
    expect(await isSettled(pool.lease({ url: A }), clock)).toBe(true);
  });

  it('spread the load over addresses that are alike', async () => {
    const { pool, clock } = await open();
    const uses = new Map<string, number>();
    for (let n = 0; n < 1000; n++) {
      const id = await use(pool, { kind: 'ok', latencyMs: 100 });
      uses.set(id, (uses.get(id) ?? 0) + 1);
      await clock.advance(20);
    }
    expect(uses.size).toBe(10);
    // One address in five goes ahead of the others; the rest are level.
    const counts = [...uses.values()].sort((a, b) => a - b);
    expect((counts[7] as number) / (counts[0] as number)).toBeLessThan(1.3);
  });

  it('prefer addresses that answer in time', async () => {
    const { pool, clock } = await open();
    let slow = 0;
    for (let n = 0; n < 500; n++) {
      const lease = await pool.lease({ url: A });
      const isSlow = lease.session.proxyInfo?.port === 9003;
      if (isSlow) slow++;
      lease.report({ kind: 'ok', latencyMs: isSlow ? 5000 : 100 });
      await clock.advance(20);
    }
    expect(slow).toBeLessThan(25);
  });

  it('work without any proxy: one address, rested as a whole', async () => {
    const { pool, clock } = await openPool({
      selection: 'adaptive',
      maxPoolSize: 5,
      sessionOptions: ENDLESS,
    });
    for (let n = 0; n < 50; n++) await use(pool, { kind: 'ok', latencyMs: 50 });
    await use(pool, { kind: 'throttled', status: 429, retryAfterSecs: 10 });
    const waiting = pool.lease({ url: A });
    expect(await isSettled(waiting, clock)).toBe(false);
    await clock.advance(20_000);
    expect(await isSettled(waiting, clock)).toBe(true);
    for (let n = 0; n < 2; n++) (await pool.lease({ url: B })).report({ kind: 'timeout' });
    expect(pool.explainOrigin(A)?.breaker.state).toBe('closed');
  });

  it('leave an address that was banned alone, and send one request ahead when its rest is over', async () => {
    const { pool, clock } = await open({ maxPoolSize: 4, proxyConfiguration: few(1) });
    for (let n = 0; n < 10; n++) await use(pool, { kind: 'ok' });
    await use(pool, { kind: 'blocked', status: 403 });
    const [probe, behind] = [pool.lease({ url: A }), pool.lease({ url: A })];
    expect(await isSettled(probe, clock)).toBe(false);
    await clock.advance(60_000);
    expect(await isSettled(probe, clock)).toBe(true);
    expect(await isSettled(behind, clock)).toBe(false);
    (await probe).report({ kind: 'ok' });
    expect(await isSettled(behind, clock)).toBe(true);
  });

  it('try an address again soon after a block that may have been chance, however long bans may last', async () => {
    const { pool, clock } = await open({
      maxPoolSize: 2,
      proxyConfiguration: few(1),
      adaptive: { cooldown: { banSecs: 200 } },
    });
    for (let n = 0; n < 6; n++) await use(pool, { kind: 'ok' });
    await use(pool, { kind: 'blocked', status: 403 });
    const waiting = pool.lease({ url: A });
    expect(await isSettled(waiting, clock)).toBe(false);
    await clock.advance(5000);
    expect(await isSettled(waiting, clock)).toBe(true);
  });
});

describe('an origin that is down', () => {
  /** Ten minutes in which nothing works, and what it was like before and after. */
  async function throughOutage(
    answer: Outcome,
  ): Promise<{ pool: SessionPool; sent: number; excused: number; answeredAfterMs: number }> {
    const { pool, clock } = await open({
      maxPoolSize: 20,
      proxyConfiguration: proxies(),
      sessionOptions: { ...ENDLESS, maxErrorScore: 2 },
    });
    const downFrom = clock.now() + 30_000;
    const upFrom = downFrom + 600_000;
    const end = upFrom + 60_000;
    let sent = 0;
    let excused = 0;
    let answeredAt = 0;
    const worker = async (): Promise<void> => {
      while (clock.now() < end) {
        const lease = await pool.lease({ url: `${A}/${sent}` });
        await clock.sleep(500);
        const isDown = clock.now() >= downFrom && clock.now() < upFrom;
        if (isDown) sent++;
        const excuse = lease.report(isDown ? answer : { kind: 'ok', status: 200, latencyMs: 500 });
        if (excuse === 'origin') excused++;
        if (!isDown && clock.now() >= upFrom) answeredAt ||= clock.now();
      }
    };
    const workers = Promise.all(Array.from({ length: 10 }, worker));
    while (clock.now() < end + 60_000) await clock.advance(5000);
    await workers;
    return { pool, sent, excused, answeredAfterMs: answeredAt - upFrom };
  }

  it.each([
    { kind: 'blocked', status: 403 },
    { kind: 'timeout' },
    { kind: 'target', status: 503 },
  ] as const)(
    'burns no session in ten minutes of $kind, and is found to be up again',
    async (answer) => {
      const { pool, sent, excused, answeredAfterMs } = await throughOutage(answer);
      expect(pool.retiredByReason).toEqual({});
      expect(pool.usableSessionsCount).toBe(20);
      expect([...pool.sessions].map((session) => session.errorScore)).toEqual(Array(20).fill(0));
      // Ten workers would have sent 12,000.
      expect(sent).toBeLessThan(60);
      expect(excused).toBeGreaterThan(sent / 2);
      expect(answeredAfterMs).toBeLessThan(31_000);
      const { breaker } = pool.explainOrigin(A) as NonNullable<
        ReturnType<SessionPool['explainOrigin']>
      >;
      expect(breaker.state).toBe('closed');
      expect(breaker.history.map(({ state }) => state)).toEqual(['open', 'ramping', 'closed']);
    },
  );

  it('is not taken for one whose broken pages are all that is left', async () => {
    const { pool } = await open();
    for (let n = 0; n < 200; n++) await use(pool, { kind: 'ok' }, `${A}/fine/${n}`);
    for (let tries = 0; tries < 4; tries++) {
      for (let n = 0; n < 12; n++)
        await use(pool, { kind: 'target', status: 500 }, `${A}/broken/${n}`);
    }
    expect(pool.explainOrigin(A)?.breaker.state).toBe('closed');
  });

  it('is suspected five times as much for no answer as for an error page', async () => {
    const scoreAfter = async (outcome: Outcome): Promise<number> => {
      const { pool } = await open();
      await use(pool, outcome);
      return pool.explainOrigin(A)?.breaker.score as number;
    };
    const ofNoAnswer = await scoreAfter({ kind: 'target' });
    expect(ofNoAnswer).toBeGreaterThan(0);
    expect(await scoreAfter({ kind: 'target', status: 500 })).toBeCloseTo(ofNoAnswer / 5, 10);
  });

  it('does not hold up other origins', async () => {
    const { pool, clock } = await open();
    const states: string[] = [];
    pool.events.on('originStateChanged', ({ origin, state }) => states.push(`${origin} ${state}`));
    for (let n = 0; n < 30 && states.length === 0; n++) {
      await use(pool, { kind: 'target', status: 500 }, `${A}/${n}`);
    }
    expect(states).toEqual([`${new URL(A).origin} open`]);
    const waiting = pool.lease({ url: A });
    expect(await isSettled(waiting, clock)).toBe(false);
    expect(await isSettled(pool.lease({ url: B }), clock)).toBe(true);
  });
});

describe('quarantine', () => {
  it('sets a session aside while the origin is under suspicion, and retires it when that is over', async () => {
    const { pool } = await open();
    const id = await use(pool, { kind: 'blocked', status: 403 }, A);
    expect(pool.explain(id)).toMatchObject({ state: 'quarantined', retiredReason: null });
    expect([...pool.sessions].find((session) => session.id === id)?.isUsable()).toBe(false);
    expect(pool.quarantinedSessionsCount).toBe(1);
    for (let n = 0; n < 3; n++) await use(pool, { kind: 'ok' }, A);
    expect(pool.explain(id)).toMatchObject({ state: 'retired', retiredReason: 'blocked' });
    expect(pool.retiredByReason).toEqual({ blocked: 1 });
    expect(pool.quarantinedSessionsCount).toBe(0);
  });

  it('ends by an answer to what was sent after the block, and by none that was on its way', async () => {
    const { pool, clock } = await open();
    const stateOf = (id: string): string | undefined => pool.explain(id)?.state;
    const before = [];
    for (let n = 0; n < 5; n++) before.push(await pool.lease({ url: A }));
    await clock.advance(100);
    const id = await use(pool, { kind: 'blocked', status: 403 }, A);
    await clock.advance(100);
    for (const lease of before) lease.report({ kind: 'ok' });
    expect(pool.explainOrigin(A)?.breaker.score).toBe(0);
    expect(stateOf(id)).toBe('quarantined');
    await use(pool, { kind: 'ok' }, A);
    expect(stateOf(id)).toBe('retired');
  });

  it('is not ended by a block, though answers that were on its way have hidden the trouble', async () => {
    const { pool, clock } = await open({ maxPoolSize: 30 });
    for (let n = 0; n < 30; n++) await use(pool, { kind: 'ok' }, `${A}/${n}`);
    const before = [];
    for (let n = 0; n < 8; n++) before.push(await pool.lease({ url: A }));
    await clock.advance(100);
    const block = (url: string): Promise<string> =>
      use(pool, { kind: 'blocked', status: 403 }, url);
    const blocked = [await block(`${A}/lost`)];
    for (const lease of before) lease.report({ kind: 'ok' });
    await clock.advance(100);
    blocked.push(await block(`${A}/lost`));
    expect(pool.explainOrigin(A)?.breaker.score).toBe(0);
    for (let n = 0; pool.explainOrigin(A)?.breaker.state === 'closed'; n++) {
      expect(n).toBeLessThan(20);
      await block(`${A}/lost/${n}`);
    }
    await clock.advance(120_000);
    await block(`${A}/probe`);
    expect(blocked.map((id) => pool.explain(id)?.state)).not.toContain('retired');
    expect(pool.retiredByReason).toEqual({});
  });

  it('ends after a minute for lack of evidence, with a verdict of guilty', async () => {
    const { pool, clock } = await open({ maxPoolSize: 2 });
    const id = await use(pool, { kind: 'blocked', status: 403 });
    await clock.advance(61_000);
    await use(pool, { kind: 'user' });
    expect(pool.explain(id)).toMatchObject({ state: 'retired', retiredReason: 'blocked' });
  });

  it('makes room when every session of the pool is in it', async () => {
    const { pool, clock } = await open({ maxPoolSize: 2 });
    await use(pool, { kind: 'blocked', status: 403 });
    await use(pool, { kind: 'blocked', status: 403 });
    expect(await isSettled(pool.lease({ url: A }), clock)).toBe(true);
    expect(pool.retiredByReason).toEqual({ blocked: 1 });
  });

  it('does not stand above what the user says', async () => {
    const { pool } = await open();
    const lease = await pool.lease({ url: A });
    lease.session.retire('blocked');
    lease.report({ kind: 'blocked', status: 403 });
    expect(pool.retiredByReason).toEqual({ blocked: 1 });
  });
});

describe('a URL that is blocked on everybody', () => {
  it('is blamed, and the sessions are given back', async () => {
    const { pool } = await open();
    for (let n = 0; n < 300; n++) await use(pool, { kind: 'ok' }, `${A}/${n}`);
    const verdicts: string[] = [];
    for (let n = 0; n < 6; n++) {
      const lease = await pool.lease({ url: `${A}/poison` });
      verdicts.push(lease.report({ kind: 'blocked', status: 403 }));
      for (let good = 0; good < 5; good++) await use(pool, { kind: 'ok' }, `${A}/fine`);
    }
    const blamed = verdicts.indexOf('url');
    expect(blamed).toBeGreaterThanOrEqual(2);
    expect(verdicts.slice(blamed)).toEqual(Array(6 - blamed).fill('url'));
    expect(pool.retiredByReason).toEqual({});
    expect(pool.quarantinedSessionsCount).toBe(0);
  });

  it('counts against an address in good standing only when its next request is blocked as well', async () => {
    const { pool } = await open({ maxPoolSize: 10, proxyConfiguration: few(5) });
    for (let n = 0; n < 100; n++) await use(pool, { kind: 'ok' }, `${A}/${n}`);
    const block = async (url: string, sessionId?: string) => {
      const lease = await pool.lease({ url, ...(sessionId !== undefined && { sessionId }) });
      lease.report({ kind: 'blocked', status: 403 });
      const { id, proxyInfo } = lease.session;
      const verdict = pool.explain(id)?.adaptive?.uses.at(-1)?.outcome;
      return { proxyUrl: proxyInfo?.url, id, verdict };
    };
    const first = await block(`${A}/poison`);
    expect(first.verdict?.pairBad).toBe(1);
    expect(first.verdict?.restsUntil).not.toBeNull();
    const spared = await block(`${A}/poison`);
    expect(spared.proxyUrl).not.toBe(first.proxyUrl);
    expect(spared.verdict).toMatchObject({ kind: 'blocked', pairBad: 0, restsUntil: null });
    const sibling = [...pool.sessions].find(
      ({ id, proxyInfo }) => proxyInfo?.url === spared.proxyUrl && id !== spared.id,
    );
    const second = await block(`${A}/fine`, sibling?.id);
    expect(second.verdict?.pairBad).toBe(1);
    expect(second.verdict?.restsUntil).not.toBeNull();
  });
});

describe('explain', () => {
  it('tells what was predicted, why a session was picked, and which outcome moved which number', async () => {
    const { pool, clock } = await open({ maxPoolSize: 3 });
    for (let n = 0; n < 20; n++) await use(pool, { kind: 'ok', status: 200, latencyMs: 80 });
    const id = await use(pool, { kind: 'throttled', status: 429, retryAfterSecs: 30 });
    const { adaptive } = pool.explain(id) as NonNullable<ReturnType<SessionPool['explain']>>;
    const last = adaptive?.uses.at(-1);
    expect(last).toMatchObject({ origin: 'https://a.example', isProbe: false });
    expect(last?.predicted).toBeGreaterThan(0.9);
    expect(last?.pick?.candidates).toBeGreaterThan(1);
    expect(last?.pick?.cost).toBeLessThanOrEqual(last?.pick?.nextCost ?? Number.POSITIVE_INFINITY);
    expect(last?.outcome).toMatchObject({ kind: 'throttled', pairBad: 0, excuse: 'none' });
    expect(last?.outcome?.rate[0]).toBeNull();
    expect(last?.outcome?.rate[1]).toBeGreaterThan(0);
    const restsUntil = last?.outcome?.restsUntil?.getTime() ?? 0;
    expect(restsUntil).toBeGreaterThanOrEqual(clock.now() + 30_000);
    expect(adaptive?.waits).toMatchObject({ origin: 'https://a.example', reason: 'rest' });
    expect(adaptive?.waits?.until.getTime()).toBe(restsUntil);
    expect(pool.explainOrigin(`${A}?q=1`)?.pacing.rate).toBe(last?.outcome?.rate[1]);
  });

  it('knows nothing of origins it was never asked for, nor in a pool of another selection', async () => {
    const { pool } = await open();
    expect(pool.explainOrigin(A)).toBeNull();
    const { pool: random } = await openPool();
    const session = await random.addSession();
    expect(random.explainOrigin(A)).toBeNull();
    expect(random.explain(session.id)?.adaptive).toBeNull();
  });

  it('still tells of a session that has retired', async () => {
    const { pool } = await open({ maxPoolSize: 3 });
    const lease = await pool.lease({ url: A });
    lease.report({ kind: 'proxy' });
    const told = pool.explain(lease.session.id);
    expect(told).toMatchObject({ state: 'retired', retiredReason: 'proxy' });
    expect(told?.adaptive?.uses[0]?.outcome).toMatchObject({ kind: 'proxy', proxyBad: 1 });
  });
});

describe('memory', () => {
  it('is bounded: origins and pairs used longest ago are forgotten, those in use are not', async () => {
    const { pool } = await open({
      adaptive: { memory: { origins: 20, pairs: 50, records: 30 } },
    });
    const kept = await pool.lease({ url: A });
    for (let n = 0; n < 500; n++) await use(pool, { kind: 'ok' }, `https://site-${n}.example/`);
    expect(pool.explainOrigin('https://site-0.example')).toBeNull();
    expect(pool.explainOrigin('https://site-499.example')).not.toBeNull();
    expect(pool.explainOrigin(A)?.inFlight).toBe(1);
    kept.report({ kind: 'ok' });
    expect(pool.explainOrigin(A)?.inFlight).toBe(0);
    const known = [...pool.sessions].flatMap(({ id }) => pool.explain(id)?.adaptive?.uses ?? []);
    expect(known).toHaveLength(30);
  });
});

describe('the fast lane', () => {
  /** Share of the uses that go through the one proxy in eight that answers three times as soon. */
  async function shareOfFastest(addresses: number): Promise<number> {
    const { pool, clock } = await open({
      maxPoolSize: 16,
      proxyConfiguration: few(8),
      adaptive: { lane: { addresses } },
    });
    let fastUses = 0;
    for (let n = 0; n < 1200; n++) {
      const lease = await pool.lease({ url: A });
      const isFast = lease.session.proxyInfo?.url === proxy(0).url;
      await clock.advance(50);
      lease.report({ kind: 'ok', latencyMs: isFast ? 300 : 900 });
      if (isFast && n >= 600) fastUses++;
    }
    return fastUses / 600;
  }

  it('gives nearly all to an address that answers much sooner and bears it, and can be turned off', async () => {
    expect(await shareOfFastest(32)).toBeGreaterThan(0.95);
    expect(await shareOfFastest(0)).toBeLessThan(0.85);
  });

  it('has sessions made on the proxy that answers sooner, in a pool that has more of others than it needs', async () => {
    const { pool, clock } = await open({ maxPoolSize: 40, proxyConfiguration: preferring(8) });
    const slots = Array.from({ length: 8 }, async (): Promise<void> => {
      for (const end = clock.now() + 60_000; clock.now() < end; ) {
        const lease = await pool.lease({ url: A });
        const latencyMs = lease.session.proxyInfo?.url === proxy(0).url ? 200 : 1000;
        await clock.sleep(latencyMs);
        lease.report({ kind: 'ok', latencyMs });
      }
    });
    for (let secs = 0; secs < 70; secs++) await clock.advance(1000);
    await Promise.all(slots);
    const ofFastest = [...pool.sessions].filter(({ proxyInfo }) => proxyInfo?.url === proxy(0).url);
    expect(ofFastest.length).toBeGreaterThanOrEqual(8);
    expect(pool.createdSessionsCount).toBeLessThanOrEqual(40);
  });
});

describe('a proxy that works and fails at times', () => {
  /** One request in ten fails, and the next one does not. */
  async function failAtTimes(pool: SessionPool, times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      const isBad = n % 10 === 9;
      await use(pool, isBad ? { kind: 'proxy' } : { kind: 'ok', latencyMs: 100 });
    }
  }

  it('keeps its sessions at work: neither it nor they rest, and none is given up', async () => {
    const { pool, clock } = await open({ maxPoolSize: 2, proxyConfiguration: few(1) });
    const learning = failAtTimes(pool, 300);
    while (!(await isSettled(learning, clock))) await clock.advance(60_000);
    const { retiredByReason } = pool;
    const busy = failAtTimes(pool, 300);
    expect(await isSettled(busy, clock)).toBe(true);
    expect(pool.coolingSessionsCount).toBe(0);
    expect(pool.retiredByReason).toEqual(retiredByReason);
  });

  it('rests all the same when it fails time and again', async () => {
    const { pool, clock } = await open({ maxPoolSize: 2, proxyConfiguration: few(1) });
    const learning = failAtTimes(pool, 300);
    while (!(await isSettled(learning, clock))) await clock.advance(60_000);
    let failed = 0;
    let leasing = pool.lease({ url: A });
    for (; await isSettled(leasing, clock); leasing = pool.lease({ url: A })) {
      (await leasing).report({ kind: 'proxy' });
      failed++;
      await clock.advance(100);
    }
    expect(failed).toBeGreaterThan(1);
    expect(failed).toBeLessThan(8);
    await clock.advance(600_000);
    (await leasing).report({ kind: 'ok' });
  });
});
