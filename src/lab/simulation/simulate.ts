import { SeededRandom } from '../../core/random.ts';
import { isOracle, type Policy } from '../policies/policy.ts';
import { PoolLender } from '../policies/pool-lender.ts';
import type { ResolvedWorld } from '../worlds/world.ts';
import { EventClock } from './event-clock.ts';
import type { Lender } from './lender.ts';
import type { RunResult } from './run-result.ts';
import { type Attempted, SimulatedCrawl } from './simulated-crawl.ts';
import { SimulatedWorld } from './simulated-world.ts';

export interface SimulateOptions {
  readonly world: ResolvedWorld;
  readonly policy: Policy;
  readonly seed: number | string;
  /** Called for every attempt when its outcome is known. */
  readonly onAttempt?: (attempted: Attempted) => void;
}

/** One crawl of one world by one policy. The same options give the same result, to the last digit. */
export async function simulate(options: SimulateOptions): Promise<RunResult> {
  const { policy, seed } = options;
  const clock = new EventClock();
  const world = new SimulatedWorld(options.world, seed);
  const lender = await openLender(policy, { world, clock, seed });
  try {
    const crawl = new SimulatedCrawl({ world, lender, clock, onAttempt: options.onAttempt });
    return { ...(await crawl.run()), policy: policy.name, seed };
  } finally {
    await lender.close();
  }
}

function openLender(
  policy: Policy,
  scene: { world: SimulatedWorld; clock: EventClock; seed: number | string },
): Promise<Lender> | Lender {
  const { world, clock, seed } = scene;
  if (isOracle(policy)) return policy.lenderFor(world, clock);
  return PoolLender.open(policy, {
    clock,
    // Not the world's dice: what a policy draws must change nothing in the world.
    random: new SeededRandom(`${policy.name} ${seed}`),
    proxyUrls: world.proxies.map(({ url }) => url),
    maxPoolSize: world.world.crawl.maxPoolSize,
    trueDelaySecs: trueDelaySecs(world.world),
  });
}

function trueDelaySecs({ site, proxies }: ResolvedWorld): number {
  const { rateLimit, ban } = site;
  const sharers =
    ban?.scope === 'network' ? Math.max(...proxies.map(({ perNetwork }) => perNetwork)) : 1;
  return Math.max(
    rateLimit ? 1 / rateLimit.perSec : 0,
    ban?.perSec != null ? sharers / ban.perSec : 0,
  );
}
