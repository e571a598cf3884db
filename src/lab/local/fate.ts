import { type Random, randomInteger, SeededRandom } from '../../core/random.ts';

/** What becomes of a proxy in the local world. Counts are requests that reached the site through it. */
export type Fate =
  /** Every request gets its page. */
  | { readonly kind: 'healthy' }
  /** Connections to the proxy are refused. */
  | { readonly kind: 'dead' }
  /** The proxy accepts connections and never says a word. */
  | { readonly kind: 'hanging' }
  /** The site answers 403 from then on. */
  | { readonly kind: 'banning'; readonly afterHits: number }
  /** After a burst the site answers 429 with `Retry-After` until that time has passed. */
  | { readonly kind: 'throttling'; readonly burst: number; readonly retryAfterSecs: number }
  /** The site answers "Access denied" with status 200 from then on. */
  | { readonly kind: 'soft-blocking'; readonly afterHits: number }
  /** The site answers 502 or 503 to this share of the requests. */
  | { readonly kind: 'flaky'; readonly failureShare: number };

export type FateKind = Fate['kind'];

/** Of a hundred proxies, how many have which fate. */
const SHARES: Readonly<Record<FateKind, number>> = {
  healthy: 34,
  dead: 13,
  hanging: 8,
  banning: 15,
  throttling: 12,
  'soft-blocking': 10,
  flaky: 8,
};

export const FATE_KINDS: readonly FateKind[] = Object.keys(SHARES) as FateKind[];

/** The fates of `count` proxies. The same seed gives the same list; the mix is the same for every seed. */
export function drawFates(count: number, seed: number | string): Fate[] {
  const random = new SeededRandom(`fates ${seed}`);
  const kinds = shuffled(kindsOf(count), random);
  return kinds.map((kind) => drawFate(kind, random));
}

/** Largest remainder, so that the counts add up; the first kind, `healthy`, wins a tie. */
function kindsOf(count: number): FateKind[] {
  const quotas = FATE_KINDS.map((kind) => ({ kind, exact: (SHARES[kind] * count) / 100 }));
  const kinds = quotas.flatMap(({ kind, exact }) => Array<FateKind>(Math.floor(exact)).fill(kind));
  const remainder = (quota: { exact: number }): number => quota.exact % 1;
  const byRemainder = quotas.toSorted((a, b) => remainder(b) - remainder(a));
  return kinds.concat(byRemainder.slice(0, count - kinds.length).map(({ kind }) => kind));
}

function shuffled<T>(items: readonly T[], random: Random): T[] {
  const copy = [...items];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = randomInteger(random, last + 1);
    [copy[last], copy[other]] = [copy[other] as T, copy[last] as T];
  }
  return copy;
}

function drawFate(kind: FateKind, random: Random): Fate {
  switch (kind) {
    case 'banning':
    case 'soft-blocking':
      return { kind, afterHits: 3 + randomInteger(random, 12) };
    case 'throttling':
      return {
        kind,
        burst: 4 + randomInteger(random, 6),
        retryAfterSecs: 1 + randomInteger(random, 2),
      };
    case 'flaky':
      return { kind, failureShare: 0.2 + 0.3 * random.next() };
    default:
      return { kind };
  }
}
