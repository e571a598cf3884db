import { type Clock, systemClock } from '../core/clock.ts';
import { OptionError } from '../core/errors.ts';
import { type Log, log } from '../core/log.ts';
import * as o from '../core/options.ts';
import { type Random, systemRandom } from '../core/random.ts';
import type { NewUrlFunction } from './proxy-function.ts';
import type { ProxyListProvider } from './proxy-list-source.ts';

/** Exactly one of `proxyUrls`, `newUrlFunction`, `proxyListFile` and `proxyListProvider` must be given. */
export interface ProxyConfigurationOptions {
  /**
   * Such as `http://user:password@host:8000`; see {@link parseProxyUrl} for all forms. `null` is a direct
   * connection. Usernames and passwords may hold `{session}` and `{country}`.
   */
  readonly proxyUrls?: readonly (string | null)[];
  /** Called once for each session, and for each call without one. */
  readonly newUrlFunction?: NewUrlFunction;
  /** A text file, one proxy a line, `#` for comments, `direct` for a direct connection. Needs `create()`. */
  readonly proxyListFile?: string;
  /** Gives the list when asked. Needs `create()`. */
  readonly proxyListProvider?: ProxyListProvider;
  /** How often to look whether the file has changed, or to ask the provider again; 0 for never. @default 60 */
  readonly reloadSecs?: number;
  /** Two letters, put in place of `{country}` as they are. */
  readonly countryCode?: string;
  /**
   * How many sessions are remembered with their proxies; the least recently used are forgotten first.
   * Have it above the number of sessions alive at once. @default 100_000
   */
  readonly maxBindings?: number;
  readonly clock?: Clock;
  /** For the sessions of `{session}` where none is given. */
  readonly random?: Random;
  readonly log?: Log;
}

const DEFAULTS = Object.freeze({ reloadSecs: 60, maxBindings: 100_000 });

const SOURCES = ['proxyUrls', 'newUrlFunction', 'proxyListFile', 'proxyListProvider'] as const;

const PROXY_URLS = 'an array with at least one proxy URL';

const SCHEMA = o.optionsObject({
  proxyUrls: o.optional(o.listOf(o.anything(), PROXY_URLS)),
  newUrlFunction: o.optional(o.callback<NewUrlFunction>()),
  proxyListFile: o.optional(o.text()),
  proxyListProvider: o.optional(o.callback<ProxyListProvider>()),
  reloadSecs: o.optional(o.number({ min: 0 })),
  countryCode: o.optional(o.text()),
  maxBindings: o.optional(o.integer({ min: 1 })),
  clock: o.optional(o.objectWith<Clock>('a clock', ['now', 'setTimer'])),
  random: o.optional(o.objectWith<Random>('a source of randomness', ['next'])),
  log: o.optional(o.objectWith<Log>('a Log', ['info', 'warning'])),
});

export interface ResolvedProxyOptions {
  readonly proxyUrls: readonly unknown[] | undefined;
  readonly newUrlFunction: NewUrlFunction | undefined;
  readonly listFrom: string | ProxyListProvider | undefined;
  readonly reloadSecs: number;
  readonly countryCode: string | undefined;
  readonly maxBindings: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** @throws OptionError */
export function resolveProxyOptions(input: ProxyConfigurationOptions): ResolvedProxyOptions {
  const options = o.parseOptions(SCHEMA, input, 'ProxyConfiguration options');
  const given = SOURCES.filter((name) => options[name] !== undefined);
  if (given.length !== 1) {
    const names = SOURCES.map((name) => `\`${name}\``).join(', ');
    const got = given.length === 0 ? 'none' : given.map((name) => `\`${name}\``).join(' and ');
    throw new OptionError(given[1] ?? 'proxyUrls', `Expected exactly one of ${names}, got ${got}`);
  }
  const { proxyUrls, countryCode } = options;
  if (proxyUrls?.length === 0) {
    throw new OptionError('proxyUrls', o.expectedText('proxyUrls', PROXY_URLS, proxyUrls));
  }
  if (countryCode !== undefined && !/^[a-z]{2}$/i.test(countryCode)) {
    const text = o.expectedText('countryCode', 'two letters, such as `DE`', countryCode);
    throw new OptionError('countryCode', text);
  }
  return {
    proxyUrls,
    newUrlFunction: options.newUrlFunction,
    listFrom: options.proxyListFile ?? options.proxyListProvider,
    reloadSecs: options.reloadSecs ?? DEFAULTS.reloadSecs,
    countryCode,
    maxBindings: options.maxBindings ?? DEFAULTS.maxBindings,
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.log ?? log.child({ prefix: 'ProxyConfiguration' }),
  };
}
