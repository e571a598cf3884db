import { Log } from '../../core/log.ts';
import { ProxyConfiguration } from '../../proxy/proxy-configuration.ts';
import type { Outcome } from '../../session/outcome.ts';
import { SessionPool } from '../../session/session-pool.ts';
import type { Lender, Loan, LoanRequest } from '../simulation/lender.ts';
import type { PolicyAtWork, PoolPolicy, Scene } from './policy.ts';

/** A policy and a real pool that does as it says. */
export class PoolLender implements Lender {
  readonly #pool: SessionPool;
  readonly #policy: PolicyAtWork;
  readonly #indexOfUrl: ReadonlyMap<string, number>;

  private constructor(pool: SessionPool, policy: PolicyAtWork, scene: Scene) {
    this.#pool = pool;
    this.#policy = policy;
    this.#indexOfUrl = new Map(scene.proxyUrls.map((url, index) => [hostOf(url), index]));
  }

  static async open(policy: PoolPolicy, scene: Scene): Promise<PoolLender> {
    const { clock, random, maxPoolSize } = scene;
    const log = new Log({ level: 'off' });
    const atWork = policy.open(scene);
    const proxyConfiguration =
      atWork.pool.proxyConfiguration ??
      new ProxyConfiguration({ proxyUrls: scene.proxyUrls, clock, random, log });
    const pool = await SessionPool.open({
      maxPoolSize,
      ...atWork.pool,
      proxyConfiguration,
      clock,
      random,
      log,
    });
    return new PoolLender(pool, atWork, scene);
  }

  get coolingCount(): number {
    return this.#pool.coolingSessionsCount;
  }

  get retiredByReason(): Readonly<Record<string, number>> {
    return this.#pool.retiredByReason;
  }

  async lend({ url, avoid, signal }: LoanRequest): Promise<Loan> {
    const lease = await this.#pool.lease({ url, avoid, signal });
    const { session } = lease;
    const { judge, onOutcome } = this.#policy;
    return {
      proxy: this.#indexOfUrl.get(hostOf(session.proxyInfo?.url ?? '')) as number,
      sessionId: session.id,
      settle: (outcome: Outcome) => {
        onOutcome?.(session, outcome);
        return lease.report(judge ? judge(outcome) : outcome);
      },
    };
  }

  isHopeless(): boolean {
    return false;
  }

  close(): Promise<void> {
    return this.#pool.close();
  }
}

/** Normalising a proxy's URL may add a slash, and nothing else here. */
function hostOf(url: string): string {
  return url.replace(/\/$/, '');
}
