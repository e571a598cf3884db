import * as v from 'valibot';
import { OptionError } from '../../core/errors.ts';
import {
  expectedText,
  integer,
  listOf,
  number,
  oneOf,
  optional,
  optionsObject,
  parseOptions,
  string,
  text,
} from '../../core/options.ts';
import {
  type Amount,
  type Ban,
  type Outage,
  PROXY_STATES,
  type ProxyGroup,
  type RateLimit,
  type ResolvedWorld,
  type Site,
  type World,
} from './world.ts';

const MAX_PROXIES = 10_000;

const DEFAULTS = Object.freeze({ summary: '', durationSecs: 600, pagesCount: null, site: {} });

const CRAWL_DEFAULTS = Object.freeze({ slots: 50, timeoutSecs: 30, maxPoolSize: 1000 });

const PROXY_DEFAULTS: Omit<Required<ProxyGroup>, 'count'> = Object.freeze({
  state: 'working',
  latencyMs: 600,
  failureShare: 0,
  blockShare: 0,
  perNetwork: 1,
});

const SITE_DEFAULTS: Required<Site> = Object.freeze({
  latencySpread: 0.3,
  slowShare: 0,
  errorShare: 0,
  blockShare: 0,
  softBlockShare: 0,
  softBlockAfterUses: null,
  poisonShare: 0,
  rateLimit: null,
  ban: null,
  outages: [],
});

const RATE_LIMIT_DEFAULTS = Object.freeze({ burst: 5, retryAfterSecs: 5 });

const BAN_DEFAULTS = Object.freeze({
  perSec: null,
  burst: 10,
  afterThrottles: null,
  scope: 'address',
} as const);

const OUTAGE_DEFAULTS = Object.freeze({ answer: 'mixed' } as const);

const share = (): v.GenericSchema<number> => number({ min: 0, max: 1 });
const shareAmount = (): v.GenericSchema<Amount> => amount(0, 1, 'a share from 0 to 1');
const orNull = <T>(schema: v.GenericSchema<T>): v.GenericSchema<T | null | undefined> =>
  v.optional(v.nullable(schema)) as v.GenericSchema<T | null | undefined>;

const RATE_LIMIT = optionsObject({
  perSec: number({ min: 0.001, max: 10_000 }),
  burst: optional(integer({ min: 1, max: 100_000 })),
  retryAfterSecs: orNull(number({ min: 0, max: 86_400 })),
});

const BAN = optionsObject({
  secs: number({ min: 0.1, max: 1_000_000 }),
  perSec: orNull(number({ min: 0.001, max: 10_000 })),
  burst: optional(integer({ min: 1, max: 100_000 })),
  afterThrottles: orNull(integer({ min: 1, max: 1000 })),
  scope: optional(oneOf(['address', 'network'])),
});

const OUTAGE = optionsObject({
  fromSecs: number({ min: 0 }),
  secs: number({ min: 0.1 }),
  answer: optional(oneOf(['error', 'silence', 'blocked', 'mixed'])),
});

const SITE = optionsObject({
  latencySpread: optional(number({ min: 0, max: 3 })),
  slowShare: optional(share()),
  errorShare: optional(share()),
  blockShare: optional(share()),
  softBlockShare: optional(share()),
  softBlockAfterUses: orNull(integer({ min: 1 })),
  poisonShare: optional(share()),
  rateLimit: orNull(RATE_LIMIT as v.GenericSchema<RateLimit>),
  ban: orNull(BAN as v.GenericSchema<Ban>),
  outages: optional(listOf(OUTAGE as v.GenericSchema<Outage>, 'a list of outages')),
});

const PROXY_GROUP = optionsObject({
  count: integer({ min: 1, max: MAX_PROXIES }),
  state: optional(oneOf(PROXY_STATES)),
  latencyMs: optional(amount(1, 600_000, 'milliseconds from 1 to 600000')),
  failureShare: optional(shareAmount()),
  blockShare: optional(shareAmount()),
  perNetwork: optional(integer({ min: 1, max: 254 })),
});

const SCHEMA = optionsObject({
  name: text(),
  summary: optional(string()),
  durationSecs: optional(number({ min: 1, max: 86_400 })),
  pagesCount: orNull(integer({ min: 1, max: 10_000_000 })),
  proxies: listOf(PROXY_GROUP as v.GenericSchema<ProxyGroup>, 'a list of proxy groups'),
  site: optional(SITE as v.GenericSchema<Site>),
  crawl: optional(
    optionsObject({
      slots: optional(integer({ min: 1, max: 10_000 })),
      timeoutSecs: optional(number({ min: 0.1, max: 600 })),
      maxPoolSize: optional(integer({ min: 1, max: 1_000_000 })),
    }) as v.GenericSchema<NonNullable<World['crawl']>>,
  ),
});

/**
 * Checks a world and fills in what it leaves out.
 *
 * @throws OptionError that names the field, what was expected and what came
 */
export function resolveWorld(input: unknown, where = 'the world'): ResolvedWorld {
  const world = parseOptions(SCHEMA, input, where) as World;
  const proxiesCount = world.proxies.reduce((sum, { count }) => sum + count, 0);
  if (proxiesCount < 1 || proxiesCount > MAX_PROXIES) {
    const expected = `a list of proxy groups with 1 to ${MAX_PROXIES} proxies in all`;
    throw new OptionError('proxies', expectedText('proxies', expected, proxiesCount));
  }
  const site = { ...SITE_DEFAULTS, ...world.site };
  if (site.ban && site.ban.perSec == null && site.ban.afterThrottles == null) {
    throw new OptionError(
      'site.ban',
      'Expected `site.ban` to have `perSec` or `afterThrottles`: without either it never begins',
    );
  }
  if (site.ban?.afterThrottles != null && !site.rateLimit) {
    const expected = 'left out where there is no `site.rateLimit`';
    throw new OptionError(
      'site.ban.afterThrottles',
      expectedText('site.ban.afterThrottles', expected, site.ban.afterThrottles),
    );
  }
  return {
    ...DEFAULTS,
    ...world,
    proxies: world.proxies.map((group) => ({ ...PROXY_DEFAULTS, ...group })),
    site: {
      ...site,
      rateLimit: site.rateLimit && { ...RATE_LIMIT_DEFAULTS, ...site.rateLimit },
      ban: site.ban && { ...BAN_DEFAULTS, ...site.ban },
      outages: site.outages.map((outage) => ({ ...OUTAGE_DEFAULTS, ...outage })),
    },
    crawl: { ...CRAWL_DEFAULTS, ...world.crawl },
  };
}

function amount(min: number, max: number, what: string): v.GenericSchema<Amount> {
  const isInside = (value: unknown): boolean =>
    typeof value === 'number' && value >= min && value <= max;
  return v.custom<Amount>((value) => {
    if (isInside(value)) return true;
    if (typeof value !== 'object' || value === null) return false;
    const { from, to, ...rest } = value as { from?: unknown; to?: unknown };
    return (
      isInside(from) &&
      isInside(to) &&
      (from as number) <= (to as number) &&
      Object.keys(rest).length === 0
    );
  }, `${what}, or an object with such a \`from\` and \`to\``);
}
