import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { closePools, openPool, quietLog } from '../../test/support/session-pools.ts';
import { MemoryStorage } from '../storage/memory/memory-storage.ts';
import { type Account, accountSessions } from './account-sessions.ts';

afterEach(closePools);

interface Login extends Account {
  readonly username: string;
  readonly password: string;
}

const ANN: Login = { id: 'ann', username: 'ann.smith', password: 'correct horse' };
const BEN: Login = { id: 'ben', username: 'ben.jones', password: 'battery staple' };

describe('accountSessions()', () => {
  it('makes one session for each account, and hands hooks the account that was given', async () => {
    const given: Login[] = [];
    const accounts = accountSessions([ANN, BEN], {
      initSession: ({ account }) => given.push(account),
    });
    const { pool, clock } = await openPool({ ...accounts.poolOptions });
    const leases = [pool.lease(), pool.lease()];
    const third = pool.lease({ timeoutSecs: 5 });
    const refused = expect(third).rejects.toMatchObject({ code: 'TROUPE_LEASE_TIMEOUT' });
    await clock.advance(5000);
    await refused;
    const sessions = (await Promise.all(leases)).map(({ session }) => session);
    expect(sessions.map(({ id }) => id).sort()).toEqual(['ann', 'ben']);
    expect(sessions.map((session) => accounts.accountOf(session))).toContain(ANN);
    expect(new Set(given)).toEqual(new Set([ANN, BEN]));
    expect(sessions[0]?.maxUsageCount).toBe(Number.POSITIVE_INFINITY);
  });

  it('fits addSession(), and does not bring back an account whose session has retired', async () => {
    const accounts = accountSessions([ANN, BEN], { initSession: () => {} });
    const { pool, clock } = await openPool({ ...accounts.poolOptions });
    for (let n = 0; n < 2; n++) {
      const lease = pool.lease({ sessionId: 'ben' });
      await clock.advance(0);
      (await lease).report({ kind: 'blocked' });
      if (n === 0) await pool.addSession(accounts.sessionOptions('ben'));
    }
    const next = pool.lease();
    await clock.advance(0);
    const held = await next;
    expect(held.session.id).toBe('ann');
    held.report({ kind: 'blocked' });
    await expect(pool.lease()).rejects.toMatchObject({ code: 'TROUPE_NO_SESSION_LEFT' });
    expect(() => accounts.sessionOptions('eva')).toThrow(/No account has the id "eva"/);
  });

  it('matches accounts again after a restart, and retires sessions whose account has gone', async () => {
    const storage = new MemoryStorage();
    const logins: string[] = [];
    const hooks = { initSession: ({ account }: { account: Login }) => logins.push(account.id) };
    const before = accountSessions([ANN, BEN], hooks);
    const first = await openPool({ ...before.poolOptions, storage });
    const leases = ['ann', 'ben'].map((id) => first.pool.lease({ sessionId: id }));
    await first.clock.advance(0);
    for (const lease of await Promise.all(leases)) lease.report({ kind: 'ok' });
    await first.pool.close();

    const after = accountSessions([ANN], hooks);
    const { pool, clock } = await openPool({
      ...after.poolOptions,
      maxPoolSize: 2,
      storage,
      log: quietLog(),
      clock: first.clock,
    });
    const ben = pool.lease({ sessionId: 'ben' });
    const refused = expect(ben).rejects.toMatchObject({ code: 'TROUPE_SESSION_MISSING' });
    const ann = pool.lease({ sessionId: 'ann' });
    await clock.advance(0);
    await refused;
    expect(after.accountOf((await ann).session)).toBe(ANN);
    expect(logins.sort()).toEqual(['ann', 'ben']);
  });

  it('lets no secret out with an error, however it is hidden there', async () => {
    const lines: string[] = [];
    const errors = [
      new Error(`no such password: ${ANN.password}`),
      new Error('no', { cause: new Error(encodeURIComponent(ANN.password)) }),
      Object.assign(new Error('no'), { form: { password: ANN.password } }),
      `text with ${ANN.username}`,
    ];
    const accounts = accountSessions([ANN], {
      initSession: () => {
        throw errors.shift();
      },
    });
    const { pool, clock } = await openPool({ ...accounts.poolOptions, log: quietLog(lines) });
    const lease = pool.lease({ timeoutSecs: 30 });
    const refused = lease.catch((error) => lines.push(inspect(error)));
    await clock.advance(30_000);
    await refused;
    expect(errors).toEqual([]);
    lines.push(inspect(pool.explain('ann')), String(pool.lastInitFailure));
    expect(lines.join('\n')).toContain('text with ***');
    for (const secret of [ANN.password, ANN.username, encodeURIComponent(ANN.password)]) {
      expect(lines.join('\n')).not.toContain(secret);
    }
  });

  it('keeps secrets out of the state, unless asked', async () => {
    for (const persistSecrets of [false, true]) {
      const accounts = accountSessions([ANN], { initSession: () => {}, persistSecrets });
      const { pool } = await openPool({ ...accounts.poolOptions });
      expect(JSON.stringify(pool.getState()).includes(ANN.password)).toBe(persistSecrets);
    }
  });

  it('refuses accounts without an id, and two of the same', () => {
    const options = { initSession: () => {} };
    expect(() => accountSessions([{} as Account], options)).toThrow(/`accounts\[0\]\.id`/);
    expect(() => accountSessions([ANN, { ...BEN, id: 'ann' }], options)).toThrow(
      /Two accounts have the id "ann"/,
    );
    expect(() => accountSessions([ANN], {} as never)).toThrow(/`initSession` to be a function/);
  });
});
