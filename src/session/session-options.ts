import type { CookieJar } from 'tough-cookie';
import * as v from 'valibot';
import type { Fingerprint } from '../core/fingerprint.ts';
import {
  integer,
  number,
  oneOf,
  optional,
  optionsObject,
  parseOptions,
  plainObject,
  text,
} from '../core/options.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';

export interface SessionOptions {
  /** @default `session_` and ten random letters and digits */
  readonly id?: string;
  /** From creation; then the session retires as `expired`. `Infinity` is never. @default 3000 */
  readonly maxAgeSecs?: number;
  /** Whatever belongs to the identity. Must be JSON to be kept across restarts. Copied: sessions never share it. @default {} */
  readonly userData?: Record<string, unknown>;
  /** At this error score the session retires as `error-score`. @default 3 */
  readonly maxErrorScore?: number;
  /** Taken off the error score by each good use. @default 0.5 */
  readonly errorScoreDecrement?: number;
  /** Uses after which the session retires as `exhausted`. @default 50 */
  readonly maxUsageCount?: number;
  /** @default now */
  readonly createdAt?: Date;
  /** @default `createdAt` plus `maxAgeSecs` */
  readonly expiresAt?: Date;
  /** @default 0 */
  readonly usageCount?: number;
  /** @default 0 */
  readonly errorScore?: number;
  /** A jar to begin with; borrowed, not copied. */
  readonly cookieJar?: CookieJar;
  /** The proxy of the session for life; `null` for none. @default from the pool's `proxyConfiguration` */
  readonly proxyInfo?: ProxyInfo | null;
  /** @default drawn at random, weighted by how common browsers are */
  readonly fingerprint?: Fingerprint;
  /** Leases open at once. @default 1 */
  readonly maxConcurrency?: number;
  /** Pause between the starts of two leases. @default 0 */
  readonly minIntervalSecs?: number;
}

/** How long and how often a session may be used. Shared by all sessions that have the same. */
export interface SessionLimits {
  readonly maxAgeSecs: number;
  readonly maxErrorScore: number;
  readonly errorScoreDecrement: number;
  readonly maxUsageCount: number;
  readonly maxConcurrency: number;
  readonly minIntervalSecs: number;
}

const DEFAULTS: SessionLimits = Object.freeze({
  maxAgeSecs: 3000,
  maxErrorScore: 3,
  errorScoreDecrement: 0.5,
  maxUsageCount: 50,
  maxConcurrency: 1,
  minIntervalSecs: 0,
});

const date = v.custom<Date>(
  (value) => value instanceof Date && !Number.isNaN(value.getTime()),
  'a valid Date',
);

const FINGERPRINT = v.strictObject(
  {
    browser: oneOf(['chrome', 'firefox', 'safari', 'edge']),
    platform: oneOf(['windows', 'macos', 'linux', 'android', 'ios']),
    locale: text(),
  },
  'an object with `browser`, `platform` and `locale`',
);

export const SESSION_OPTIONS_SCHEMA: v.GenericSchema<SessionOptions> = optionsObject({
  id: optional(text()),
  maxAgeSecs: optional(number({ min: 0.001 })),
  userData: optional(plainObject()),
  maxErrorScore: optional(number({ min: 0.001 })),
  errorScoreDecrement: optional(number({ min: 0 })),
  maxUsageCount: optional(integer({ min: 1 })),
  createdAt: optional(date),
  expiresAt: optional(date),
  usageCount: optional(integer({ min: 0 })),
  errorScore: optional(number({ min: 0 })),
  cookieJar: optional(
    v.custom<CookieJar>(
      (value) => typeof (value as CookieJar | null)?.setCookieSync === 'function',
      'a CookieJar of tough-cookie',
    ),
  ),
  proxyInfo: v.optional(
    v.nullable(
      v.custom<ProxyInfo>(
        (value) => typeof (value as ProxyInfo | null)?.url === 'string',
        'a ProxyInfo, or null',
      ),
    ),
  ),
  fingerprint: optional(FINGERPRINT),
  maxConcurrency: optional(integer({ min: 1 })),
  minIntervalSecs: optional(number({ min: 0 })),
}) as v.GenericSchema<SessionOptions>;

/** @throws OptionError */
export function resolveSessionOptions(input: unknown, where: string): SessionOptions {
  return parseOptions(SESSION_OPTIONS_SCHEMA, input ?? {}, where);
}

/** The limits that options ask for, over `defaults`; `defaults` itself when they ask for none. */
export function limitsOf(
  options: SessionOptions,
  defaults: SessionLimits = DEFAULTS,
): SessionLimits {
  const limits: SessionLimits = {
    maxAgeSecs: options.maxAgeSecs ?? defaults.maxAgeSecs,
    maxErrorScore: options.maxErrorScore ?? defaults.maxErrorScore,
    errorScoreDecrement: options.errorScoreDecrement ?? defaults.errorScoreDecrement,
    maxUsageCount: options.maxUsageCount ?? defaults.maxUsageCount,
    maxConcurrency: options.maxConcurrency ?? defaults.maxConcurrency,
    minIntervalSecs: options.minIntervalSecs ?? defaults.minIntervalSecs,
  };
  return areSameLimits(limits, defaults) ? defaults : Object.freeze(limits);
}

/** The last moment a `Date` can name: what never expires is a date like any other, and fits into JSON. */
const END_OF_TIME = 8.64e15;

/** Wall clock, ms. */
export function expiryOf(createdAt: number, maxAgeSecs: number): number {
  return Math.min(createdAt + maxAgeSecs * 1000, END_OF_TIME);
}

function areSameLimits(a: SessionLimits, b: SessionLimits): boolean {
  return (
    a.maxAgeSecs === b.maxAgeSecs &&
    a.maxErrorScore === b.maxErrorScore &&
    a.errorScoreDecrement === b.errorScoreDecrement &&
    a.maxUsageCount === b.maxUsageCount &&
    a.maxConcurrency === b.maxConcurrency &&
    a.minIntervalSecs === b.minIntervalSecs
  );
}
