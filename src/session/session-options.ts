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
  /** From creation; then the session retires as `expired`. @default 3000 */
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

/** The part of the options that can be given for all sessions of a pool. */
export interface SessionDefaults {
  readonly maxAgeSecs: number;
  readonly maxErrorScore: number;
  readonly errorScoreDecrement: number;
  readonly maxUsageCount: number;
  readonly maxConcurrency: number;
  readonly minIntervalSecs: number;
  /** A private copy, as JSON-like data; `undefined` when empty. */
  readonly userData: Record<string, unknown> | undefined;
}

const DEFAULTS: SessionDefaults = Object.freeze({
  maxAgeSecs: 3000,
  maxErrorScore: 3,
  errorScoreDecrement: 0.5,
  maxUsageCount: 50,
  maxConcurrency: 1,
  minIntervalSecs: 0,
  userData: undefined,
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

export function resolveSessionDefaults(options: SessionOptions = {}): SessionDefaults {
  const { userData } = options;
  return Object.freeze({
    maxAgeSecs: options.maxAgeSecs ?? DEFAULTS.maxAgeSecs,
    maxErrorScore: options.maxErrorScore ?? DEFAULTS.maxErrorScore,
    errorScoreDecrement: options.errorScoreDecrement ?? DEFAULTS.errorScoreDecrement,
    maxUsageCount: options.maxUsageCount ?? DEFAULTS.maxUsageCount,
    maxConcurrency: options.maxConcurrency ?? DEFAULTS.maxConcurrency,
    minIntervalSecs: options.minIntervalSecs ?? DEFAULTS.minIntervalSecs,
    userData: userData && Object.keys(userData).length > 0 ? structuredClone(userData) : undefined,
  });
}
