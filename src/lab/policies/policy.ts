import type { Clock } from '../../core/clock.ts';
import type { Random } from '../../core/random.ts';
import type { Outcome } from '../../session/outcome.ts';
import type { SessionPoolOptions } from '../../session/pool-options.ts';
import type { Session } from '../../session/session.ts';
import type { Lender } from '../simulation/lender.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';

/** What a policy is told before the crawl begins. */
export interface Scene {
  readonly clock: Clock;
  readonly random: Random;
  readonly proxyUrls: readonly string[];
  readonly maxPoolSize: number;
  /** Seconds the site wants between two requests of one address; 0 where it does not mind. An honest policy does not look. */
  readonly trueDelaySecs: number;
}

/** A policy at work in one crawl. */
export interface PolicyAtWork {
  /** Over the lab's own: clock, randomness, proxies and pool size are set already. */
  readonly pool: SessionPoolOptions;
  /** What the pool is told instead of the outcome. @default the outcome itself */
  readonly judge?: (outcome: Outcome) => Outcome;
  /** Called with every outcome, before the pool hears of it. */
  readonly onOutcome?: (session: Session, outcome: Outcome) => void;
}

/** A way of running a {@link SessionPool}. */
export interface PoolPolicy {
  readonly name: string;
  /** One sentence. */
  readonly summary?: string;
  open(scene: Scene): PolicyAtWork;
}

/** Knows what no crawler can know, and so says how well a crawl could go at best. */
export interface Oracle {
  readonly name: string;
  readonly summary: string;
  readonly isOracle: true;
  lenderFor(world: SimulatedWorld, clock: Clock): Lender;
}

export type Policy = PoolPolicy | Oracle;

export function isOracle(policy: Policy): policy is Oracle {
  return 'isOracle' in policy;
}
