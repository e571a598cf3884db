import { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import { SeededRandom } from '../../src/core/random.ts';
import type { ProxyInfo, ProxySource } from '../../src/proxy/proxy-info.ts';
import type { SessionPoolOptions } from '../../src/session/pool-options.ts';
import { SessionPool } from '../../src/session/session-pool.ts';

const opened: SessionPool[] = [];

/** Closes every pool that was opened since; for `afterEach`. */
export async function closePools(): Promise<void> {
  await Promise.all(opened.splice(0).map((pool) => pool.close()));
}

/** A pool on a clock that stands still and on seeded randomness. */
export async function openPool(
  options: SessionPoolOptions = {},
): Promise<{ pool: SessionPool; clock: FakeClock }> {
  const clock = (options.clock as FakeClock | undefined) ?? new FakeClock();
  const pool = await SessionPool.open({ random: new SeededRandom(1), ...options, clock });
  opened.push(pool);
  return { pool, clock };
}

/** Writes into a list instead of to the terminal. */
export function quietLog(lines: string[] = []): Log {
  const push = (_data: object, message: string): void => {
    lines.push(message);
  };
  return new Log({ level: 'debug', sink: { debug: push, info: push, warn: push, error: push } });
}

export function proxy(n: number): ProxyInfo {
  return {
    url: `http://user:secret@127.0.0.1:${9000 + n}`,
    protocol: 'http',
    hostname: '127.0.0.1',
    port: 9000 + n,
    username: 'user',
    password: 'secret',
  };
}

/** Hands out a new proxy for each session. */
export function proxies(): ProxySource & { verdicts: string[] } {
  let next = 0;
  const verdicts: string[] = [];
  return {
    verdicts,
    bind: () => proxy(next++),
    restore: () => {},
    release: () => {},
    report: (_url, verdict) => {
      verdicts.push(verdict);
    },
  };
}

/** Whether a promise has settled once everything that can run without time passing has run. */
export async function isSettled(promise: Promise<unknown>, clock: FakeClock): Promise<boolean> {
  let settled = false;
  promise.then(
    () => {
      settled = true;
    },
    () => {
      settled = true;
    },
  );
  await clock.advance(0);
  return settled;
}
