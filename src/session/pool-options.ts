import * as v from 'valibot';
import { type Clock, systemClock } from '../core/clock.ts';
import { OptionError } from '../core/errors.ts';
import { log as defaultLog, type Log } from '../core/log.ts';
import {
  callback,
  integer,
  listOf,
  number,
  objectWith,
  oneOf,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../core/options.ts';
import { type Random, systemRandom } from '../core/random.ts';
import type { ProxySource } from '../proxy/proxy-info.ts';
import type { Storage } from '../storage/storage.ts';
import type { AdaptiveOptions, ResolvedAdaptiveOptions } from './adaptive/adaptive-options.ts';
import { ADAPTIVE_SCHEMA, resolveAdaptiveOptions } from './adaptive/resolve-adaptive-options.ts';
import { SELECTION_NAMES, type SelectionName, type SelectionPolicy } from './selection.ts';
import type { Session } from './session.ts';
import { type ResolvedHooks, resolveHooks, type SessionHooks } from './session-hooks.ts';
import { SESSION_OPTIONS_SCHEMA, type SessionOptions } from './session-options.ts';

/** What `createSessionFunction` sees of the pool it makes a session for. */
export interface PoolView {
  readonly maxPoolSize: number;
  readonly usableSessionsCount: number;
  readonly retiredSessionsCount: number;
  readonly sessions: Iterable<Session>;
}

/**
 * Makes one session's options, or a whole `Session`; `null` when there is none to give until one of the pool has
 * retired. May be async. Several calls may run at once.
 */
export type CreateSessionFunction = (
  pool: PoolView,
  context: { readonly sessionOptions: SessionOptions },
) => SessionOptions | Session | null | Promise<SessionOptions | Session | null>;

/** A session known from the start has an id, by which it is known again after a restart. */
export type InitialSession = SessionOptions & { readonly id: string };

export interface SessionPoolOptions extends SessionHooks {
  /** Sessions alive at once. Retired ones hold no place. @default 1000 */
  readonly maxPoolSize?: number;
  /** For every session the pool makes. */
  readonly sessionOptions?: SessionOptions;
  readonly createSessionFunction?: CreateSessionFunction;
  /** Made when the pool is opened, even if it is full then; those that were restored are there already. @default none */
  readonly initialSessions?: readonly InitialSession[];
  /** Where the sessions are kept. @default nowhere: they end with the process */
  readonly storage?: Storage;
  /** Pools of the same key and storage share their sessions over time. @default 'SDK_SESSION_POOL_STATE' */
  readonly persistStateKey?: string;
  /** A further part of the key. @default none */
  readonly persistStateKeyValueStoreId?: string;
  /** Gives every session its proxy. @default direct connections */
  readonly proxyConfiguration?: ProxySource;
  /** How a session is chosen among those that may be used. @default 'random' */
  readonly selection?: SelectionName | SelectionPolicy;
  /** Parameters of `selection: 'adaptive'`. */
  readonly adaptive?: AdaptiveOptions;
  /**
   * Limits of restored sessions: as `stored`, as this pool's `current` options say, or the `min` of both.
   * @default 'stored'
   */
  readonly restore?: 'stored' | 'current' | 'min';
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Log;
}

export interface ResolvedPoolOptions {
  readonly maxPoolSize: number;
  readonly sessionOptions: SessionOptions;
  readonly createSessionFunction: CreateSessionFunction | undefined;
  readonly initialSessions: readonly InitialSession[];
  readonly storage: Storage | undefined;
  readonly storeName: string;
  readonly proxyConfiguration: ProxySource | undefined;
  readonly selection: SelectionName | SelectionPolicy;
  readonly adaptive: ResolvedAdaptiveOptions;
  readonly restore: 'stored' | 'current' | 'min';
  readonly hooks: ResolvedHooks | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

const DEFAULTS = Object.freeze({
  maxPoolSize: 1000,
  persistStateKey: 'SDK_SESSION_POOL_STATE',
  selection: 'random',
  restore: 'stored',
} as const);

const SCHEMA = optionsObject({
  maxPoolSize: optional(integer({ min: 1, max: 10_000_000 })),
  sessionOptions: optional(SESSION_OPTIONS_SCHEMA),
  createSessionFunction: optional(callback<CreateSessionFunction>()),
  initialSessions: optional(
    listOf(
      v.pipe(
        SESSION_OPTIONS_SCHEMA,
        v.check(({ id }) => id !== undefined, 'an object with an `id`'),
      ) as v.GenericSchema<InitialSession>,
      'a list of session options',
    ),
  ),
  storage: optional(objectWith<Storage>('a storage', ['openSessionStore'])),
  persistStateKey: optional(text()),
  persistStateKeyValueStoreId: optional(text()),
  proxyConfiguration: optional(
    objectWith<ProxySource>('a ProxyConfiguration', ['bind', 'restore']),
  ),
  selection: v.optional(
    v.union(
      [
        oneOf(SELECTION_NAMES),
        v.custom<SelectionPolicy>(
          (value) => typeof (value as SelectionPolicy | null)?.pick === 'function',
        ),
      ],
      `one of ${SELECTION_NAMES.map((name) => `\`${name}\``).join(', ')} or a policy with a \`pick\` function`,
    ),
  ),
  adaptive: optional(ADAPTIVE_SCHEMA),
  restore: optional(oneOf(['stored', 'current', 'min'])),
  initSession: optional(callback<NonNullable<SessionHooks['initSession']>>()),
  checkSession: optional(callback<NonNullable<SessionHooks['checkSession']>>()),
  refreshSession: optional(callback<NonNullable<SessionHooks['refreshSession']>>()),
  maxConcurrentInits: optional(integer({ min: 1 })),
  maxInitRetries: optional(integer({ min: 0 })),
  initTimeoutSecs: optional(number({ min: 0.001 })),
  checkIntervalSecs: optional(number({ min: 0.001 })),
  quarantineSecs: optional(number({ min: 0.001 })),
  clock: optional(objectWith<Clock>('a clock', ['now', 'setTimer'])),
  random: optional(objectWith<Random>('a source of randomness', ['next'])),
  log: optional(objectWith<Log>('a Log', ['info', 'warning'])),
});

/** @throws OptionError */
export function resolvePoolOptions(input: SessionPoolOptions = {}): ResolvedPoolOptions {
  const options = parseOptions(SCHEMA, input, 'SessionPoolOptions') as SessionPoolOptions;
  const { id } = options.sessionOptions ?? {};
  if (id !== undefined) {
    throw new OptionError(
      'sessionOptions.id',
      `\`sessionOptions.id\` cannot be set for all sessions of a pool (got \`'${id}'\`); pass it to addSession()`,
    );
  }
  const key = options.persistStateKey ?? DEFAULTS.persistStateKey;
  const prefix = options.persistStateKeyValueStoreId;
  return {
    maxPoolSize: options.maxPoolSize ?? DEFAULTS.maxPoolSize,
    // The user keeps the object; what is in it later is no longer our business.
    sessionOptions: structuredCloneOf(options.sessionOptions),
    createSessionFunction: options.createSessionFunction,
    initialSessions: options.initialSessions ?? [],
    storage: options.storage,
    storeName: prefix === undefined ? key : `${prefix}/${key}`,
    proxyConfiguration: options.proxyConfiguration,
    selection: options.selection ?? DEFAULTS.selection,
    adaptive: resolveAdaptiveOptions(options.adaptive),
    restore: options.restore ?? DEFAULTS.restore,
    hooks: resolveHooks(options),
    clock: options.clock ?? systemClock,
    random: options.random ?? systemRandom,
    log: options.log ?? defaultLog,
  };
}

function structuredCloneOf(options: SessionOptions = {}): SessionOptions {
  return options.userData ? { ...options, userData: structuredClone(options.userData) } : options;
}
