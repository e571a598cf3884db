import { EventEmitter } from 'node:events';
import * as v from 'valibot';
import { messageOf, OptionError, TroupeError } from '../core/errors.ts';
import {
  callback,
  expectedText,
  integer,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../core/options.ts';
import type { SelectionName, SelectionPolicy } from '../session/selection.ts';
import type { SessionState } from '../session/session.ts';
import { SESSION_OPTIONS_SCHEMA } from '../session/session-options.ts';
import { SessionPool as EnginePool } from '../session/session-pool.ts';
import { actorRun, type Ending } from './actor-run.ts';
import { events } from './events.ts';
import { log } from './log.ts';
import type { ProxyConfiguration } from './proxy/proxy-configuration.ts';
import { Session, type SessionOptions } from './session.ts';
import { restoredSessions, savedPool } from './session-pool-state.ts';
import { type KeyValueStore, openKeyValueStore } from './storage/key-value-store.ts';

/** Makes the sessions of a pool. */
export type CreateSession = (sessionPool: SessionPool) => Promise<Session> | Session;

export interface SessionPoolOptions {
  /** @default 1000 */
  readonly maxPoolSize?: number;
  /** For every session the pool makes. */
  readonly sessionOptions?: SessionOptions;
  /** Must give a session of its own at each call. @default `new Session(sessionOptions)` */
  readonly createSessionFunction?: CreateSession;
  /** @default the default store */
  readonly persistStateKeyValueStoreId?: string;
  /** @default 'SDK_SESSION_POOL_STATE' */
  readonly persistStateKey?: string;
  /** Not in the original: how a session is chosen. @default 'random' */
  readonly selection?: SelectionName | SelectionPolicy;
  /** Not in the original: gives every session its proxy. Crawlers pass theirs. */
  readonly proxyConfiguration?: ProxyConfiguration;
}

const DEFAULTS = Object.freeze({
  maxPoolSize: 1000,
  persistStateKey: 'SDK_SESSION_POOL_STATE',
  selection: 'random',
} as const);

const SCHEMA = optionsObject({
  maxPoolSize: optional(integer({ min: 1, max: 10_000_000 })),
  sessionOptions: optional(SESSION_OPTIONS_SCHEMA),
  createSessionFunction: optional(callback<CreateSession>()),
  persistStateKeyValueStoreId: optional(text()),
  persistStateKey: optional(text()),
  // Checked by the engine.
  selection: v.optional(v.unknown()) as v.GenericSchema<SelectionName | undefined>,
  proxyConfiguration: optional(
    objectWith<ProxyConfiguration>('a ProxyConfiguration', ['bind', 'restored']),
  ),
});

let readPool: (pool: SessionPool) => EnginePool;

export function enginePoolOf(pool: SessionPool): EnginePool {
  return readPool(pool);
}

/**
 * Rotates sessions at random, and keeps them under `persistStateKey` of a key-value store. Emits `sessionRetired`
 * with the session. New name: `SessionPool` of `troupe`.
 */
export class SessionPool extends EventEmitter implements Ending {
  static {
    readPool = (pool) => pool.#opened;
  }

  readonly #options: SessionPoolOptions;
  #pool: EnginePool | undefined;
  #ending: Promise<void> | undefined;

  /** @throws OptionError */
  constructor(options: SessionPoolOptions = {}) {
    super();
    this.#options = parseOptions(SCHEMA, options, 'SessionPoolOptions') as SessionPoolOptions;
  }

  /** Loads what an earlier run has saved, and saves at every `persistState` event from now on. */
  async initialize(): Promise<void> {
    if (this.#pool) return;
    const { proxyConfiguration } = this.#options;
    const maxPoolSize = this.#options.maxPoolSize ?? DEFAULTS.maxPoolSize;
    const pool = await EnginePool.open({
      maxPoolSize,
      createSessionFunction: () => this.#newSession(),
      selection: this.#options.selection ?? DEFAULTS.selection,
      log: log.toEngine('SessionPool'),
      ...(proxyConfiguration ? { proxyConfiguration } : {}),
    });
    this.#pool = pool;
    for (const session of (await this.#load()).slice(0, maxPoolSize)) {
      await pool.addSession(session);
    }
    pool.events.on('sessionRetired', ({ session }) => this.emit('sessionRetired', session));
    events.on('persistState', this.#onPersist);
    actorRun.enter(this);
  }

  get maxPoolSize(): number {
    return this.#opened.maxPoolSize;
  }

  /** The living sessions. */
  get sessions(): Session[] {
    return [...this.#opened.sessions] as Session[];
  }

  get usableSessionsCount(): number {
    return this.#opened.usableSessionsCount;
  }

  /** Since the pool was opened. */
  get retiredSessionsCount(): number {
    return this.#opened.retiredSessionsCount;
  }

  /**
   * A session: a new one while the pool is not full, then one at random; with an id that very one, `undefined` when it
   * is not usable. It is there at once, and may be awaited too. Only where `createSessionFunction` is asynchronous it
   * has to be awaited: what comes then is a promise.
   *
   * @throws SessionCreationError, ClosedError
   */
  getSession(): Session;
  getSession(sessionId: string | undefined): Session | undefined;
  getSession(sessionId?: string): Session | undefined {
    const session = this.#opened.getSessionNow(sessionId) as Session | undefined;
    if (sessionId === undefined) return session;
    return session?.isUsable() ? session : undefined;
  }

  /** Adds a session, even to a pool that is full. @throws OptionError, DuplicateSessionError */
  async addSession(options: Session | SessionOptions = {}): Promise<Session> {
    const made = options instanceof Session ? options : this.#sessionOf(options);
    return (await this.#opened.addSession(made, { evenIfFull: true })) as Session;
  }

  getState(): {
    usableSessionsCount: number;
    retiredSessionsCount: number;
    sessions: SessionState[];
  } {
    return this.#opened.getState();
  }

  async persistState(): Promise<void> {
    const store = await this.#store();
    await store.setValue(this.#key, savedPool(this.#opened));
  }

  /** Saves, and lends nothing any more. New name: `close()`. */
  teardown(): Promise<void> {
    this.#ending ??= this.#teardown();
    return this.#ending;
  }

  end(): Promise<void> {
    return this.teardown();
  }

  get #opened(): EnginePool {
    if (this.#pool) return this.#pool;
    const message = 'The session pool is not initialized: await `initialize()` first';
    throw new TroupeError('TROUPE_POOL_NOT_READY', message);
  }

  get #key(): string {
    return this.#options.persistStateKey ?? DEFAULTS.persistStateKey;
  }

  readonly #onPersist = (): void => {
    actorRun
      .track(this.persistState())
      .catch((error) => log.exception(error, 'A session pool could not be saved'));
  };

  async #teardown(): Promise<void> {
    events.off('persistState', this.#onPersist);
    actorRun.leave(this);
    if (!this.#pool) return;
    await this.persistState();
    await this.#pool.close();
  }

  #newSession(): Session | Promise<Session> {
    const { createSessionFunction, sessionOptions } = this.#options;
    if (!createSessionFunction) return new Session(sessionOptions);
    const made = createSessionFunction(this);
    return made instanceof Promise ? made.then(checkedSession) : checkedSession(made);
  }

  #sessionOf(options: SessionOptions): Session {
    return new Session({ ...this.#options.sessionOptions, ...options });
  }

  #store(): Promise<KeyValueStore> {
    return openKeyValueStore(this.#options.persistStateKeyValueStoreId);
  }

  /** A record that cannot be read, or not whole, is put aside as it was. */
  async #load(): Promise<readonly Session[]> {
    const store = await this.#store();
    let sessions: readonly Session[] = [];
    let problem: unknown;
    try {
      const record = await store.getValue(this.#key);
      if (record === null) return sessions;
      ({ sessions, problem } = restoredSessions(record, this.#options.proxyConfiguration));
    } catch (error) {
      problem = error;
    }
    if (problem === undefined) return sessions;
    const aside = `${this.#key}-CORRUPT`;
    log.warning(`Not all saved sessions can be read; the record is put aside as ${aside}`, {
      reason: messageOf(problem),
    });
    await store.putAside(this.#key, aside);
    return sessions;
  }
}

/** Opens a pool that is ready to use. New name: `SessionPool.open()` of `troupe`. @throws OptionError */
export async function openSessionPool(options: SessionPoolOptions = {}): Promise<SessionPool> {
  const pool = new SessionPool(options);
  await pool.initialize();
  return pool;
}

function checkedSession(made: unknown): Session {
  if (made instanceof Session) return made;
  const option = 'createSessionFunction';
  throw new OptionError(option, expectedText(`the result of ${option}`, 'a Session', made));
}
