import type { Clock, Timer } from '../../core/clock.ts';
import type { Lender, Loan } from '../simulation/lender.ts';
import type { SimulatedProxy } from '../simulation/simulated-proxy.ts';
import type { SimulatedWorld } from '../simulation/simulated-world.ts';
import { TokenBucket } from '../simulation/token-bucket.ts';

/** What an oracle aims at. */
export type OracleAim = 'goodput' | 'waste';

/** Failure odds this close to the best are as good as the best: the chance of one failure in a thousand requests. */
const SAME_ODDS = 0.001;

/** An address and when the site lets it send: copies of the site's own buckets, filled and emptied alike. */
interface Address {
  readonly proxy: SimulatedProxy;
  readonly successShare: number;
  /** Pages for each second that a slot is taken, but for what all addresses share. */
  readonly worth: number;
  readonly buckets: readonly TokenBucket[];
  uses: number;
}

/** Lends sessions as an oracle would; see the oracles. Nothing it lends ever meets a limit. */
export class OracleLender implements Lender {
  readonly coolingCount = 0;
  readonly retiredByReason: Readonly<Record<string, number>> = {};
  readonly #world: SimulatedWorld;
  readonly #clock: Clock;
  readonly #addresses: readonly Address[];
  readonly #line: ((loan: Loan) => void)[] = [];
  #wakeUp: Timer | undefined;

  constructor(parts: { world: SimulatedWorld; clock: Clock; aim: OracleAim }) {
    this.#world = parts.world;
    this.#clock = parts.clock;
    const all = addressesOf(parts.world);
    this.#addresses = parts.aim === 'goodput' ? worthASlot(all, parts.world) : leastFailing(all);
  }

  lend(): Promise<Loan> {
    return new Promise((resolve) => {
      this.#line.push(resolve);
      this.#serve();
    });
  }

  isHopeless(page: number): boolean {
    return this.#world.isPoison(page);
  }

  close(): Promise<void> {
    this.#wakeUp?.cancel();
    return Promise.resolve();
  }

  #serve(): void {
    const now = this.#clock.monotonicMs();
    while (this.#line.length > 0) {
      const address = this.#world.outageAt(now) ? undefined : this.#firstFree(now);
      if (!address) {
        this.#planWakeUp(now);
        return;
      }
      for (const bucket of address.buckets) bucket.take(now);
      this.#line.shift()?.(this.#loanOf(address));
    }
  }

  /** Among equals the one with the fewest uses. */
  #firstFree(now: number): Address | undefined {
    let best: Address | undefined;
    for (const address of this.#addresses) {
      if (best && address.worth < best.worth) break;
      if (best && address.uses >= best.uses) continue;
      if (address.buckets.every((bucket) => bucket.nextAtMs(now) <= now)) best = address;
    }
    return best;
  }

  #planWakeUp(now: number): void {
    this.#wakeUp?.cancel();
    const at = this.#nextChanceAtMs(now);
    if (at < Number.POSITIVE_INFINITY) {
      this.#wakeUp = this.#clock.setTimer(() => this.#serve(), Math.max(0.01, at - now));
    }
  }

  #nextChanceAtMs(now: number): number {
    const outage = this.#world.outageAt(now);
    if (outage) return (outage.fromSecs + outage.secs) * 1000;
    let soonest = Number.POSITIVE_INFINITY;
    for (const { buckets } of this.#addresses) {
      let at = now;
      for (const bucket of buckets) at = Math.max(at, bucket.nextAtMs(now));
      soonest = Math.min(soonest, at);
    }
    return soonest;
  }

  #loanOf(address: Address): Loan {
    const { softBlockAfterUses } = this.#world.world.site;
    const generation =
      softBlockAfterUses === null ? 0 : Math.floor(address.uses / softBlockAfterUses);
    address.uses++;
    const { index } = address.proxy;
    return { proxy: index, sessionId: `oracle-${index}-${generation}`, settle: () => 'none' };
  }
}

function addressesOf(world: SimulatedWorld): Address[] {
  const { site } = world.world;
  const { rateLimit, ban } = site;
  const shared = new Map<number, TokenBucket>();
  const banBucketOf = ({ index, network }: SimulatedProxy): TokenBucket | undefined => {
    if (ban?.perSec == null) return undefined;
    const key = ban.scope === 'network' ? network : index;
    const bucket = shared.get(key) ?? new TokenBucket(ban.perSec, ban.burst);
    shared.set(key, bucket);
    return bucket;
  };
  return world.proxies
    .filter(({ state }) => state === 'working')
    .map((proxy) => {
      const successShare = (1 - proxy.failureShare) * (1 - proxy.blockShare);
      const limit = rateLimit ? [new TokenBucket(rateLimit.perSec, rateLimit.burst)] : [];
      return {
        proxy,
        successShare,
        worth: successShare / proxy.latencyMs,
        buckets: limit.concat(banBucketOf(proxy) ?? []),
        uses: 0,
      };
    });
}

/**
 * Those worth a slot, the best first: pages for each second that a slot is taken. When the best ones can keep all
 * slots busy for ever, a slot on any other is a loss (the fractional knapsack).
 */
function worthASlot(addresses: readonly Address[], world: SimulatedWorld): Address[] {
  const { site, crawl } = world.world;
  const ordered = [...addresses].sort((a, b) => b.worth - a.worth);
  const perSec = Math.min(
    site.rateLimit?.perSec ?? Number.POSITIVE_INFINITY,
    site.ban?.perSec ?? Number.POSITIVE_INFINITY,
  );
  const chosen: Address[] = [];
  let slotsLeft = crawl.slots;
  for (const address of ordered) {
    const isNeeded = slotsLeft > 0 || address.worth === chosen.at(-1)?.worth;
    if (!isNeeded) break;
    chosen.push(address);
    slotsLeft -= (perSec * address.proxy.latencyMs * slowdownOf(world)) / 1000;
  }
  return chosen;
}

/** Mean latency over median latency. */
function slowdownOf(world: SimulatedWorld): number {
  const { latencySpread, slowShare } = world.world.site;
  return Math.exp(latencySpread ** 2 / 2) * (1 + 9 * slowShare);
}

function leastFailing(addresses: readonly Address[]): Address[] {
  const best = Math.max(...addresses.map(({ successShare }) => successShare));
  return addresses
    .filter(({ successShare }) => successShare >= best - SAME_ODDS)
    .sort((a, b) => b.worth - a.worth);
}
