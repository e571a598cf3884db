import { createHash } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import { ClosedError } from '../../core/errors.ts';
import type { Log } from '../../core/log.ts';
import { StorageError } from '../storage-error.ts';
import { type Call, Outage } from './outage.ts';
import type { RedisArgument, RedisCommandOptions } from './redis-client.ts';
import { connect, type RedisConnection } from './redis-connection.ts';
import { isMissingScript, isUnreachable, redisErrorOf } from './redis-error.ts';
import type { ResolvedRedisOptions } from './redis-options.ts';
import { type Script, scriptArguments } from './script.ts';
import { checkServer } from './server-check.ts';

/** Raised when keys are laid out in another way. */
const LAYOUT = '2';

const FIRST_PAUSE_MS = 20;
const MAX_PAUSE_MS = 1000;

/** One way of sending; `isRepeated` when an earlier try may have succeeded although its answer was lost. */
type Send<T> = (connection: RedisConnection, isRepeated: boolean) => Promise<T>;

/**
 * The connection all stores of one storage share. While the server cannot be reached, or is full, operations wait
 * and are tried again, until that has lasted `maxOutageMs`. So an operation may be carried out twice: each is made for
 * that.
 */
export class RedisLink {
  readonly address: string;
  readonly log: Log;
  readonly #options: ResolvedRedisOptions;
  readonly #clock: Clock;
  readonly #sha1s = new Map<string, string>();
  readonly #outage: Outage;
  readonly #underWay = new Set<Promise<unknown>>();
  readonly #interruptionListeners: (() => void)[] = [];
  #connection: Promise<RedisConnection> | undefined;
  #interruptionsCount = 0;
  #closed: Promise<void> | undefined;

  constructor(options: ResolvedRedisOptions) {
    this.address = options.address;
    this.log = options.log;
    this.#options = options;
    this.#clock = options.ownClock;
    const { address, maxOutageMs, ownClock: clock, log } = options;
    this.#outage = new Outage({ address, maxOutageMs, clock, log });
  }

  /** How often the connection broke. A server that comes back, or takes over, may have lost its last writes. */
  get interruptionsCount(): number {
    return this.#interruptionsCount;
  }

  /** Called each time the connection broke. */
  onInterruption(listener: () => void): void {
    this.#interruptionListeners.push(listener);
  }

  /**
   * Connects. All callers share one attempt; after one that failed, the next caller tries anew. A server that is not
   * there fails it at once, one that has still to load its data is waited for.
   *
   * @throws StorageError that says why not
   */
  async open(): Promise<void> {
    await this.#run({ kind: 'connect', place: '' }, async () => {});
  }

  /** @throws ClosedError */
  async command(
    key: string,
    args: RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown> {
    const call = { kind: String(args[0]), place: this.#placeOf(key) };
    return await this.#run(call, (connection) => connection.send(key, args, options));
  }

  /**
   * Runs a script. `args` is asked again when the call is repeated.
   *
   * @throws ClosedError
   */
  async script<Key extends string, Arg extends string, Field extends string>(
    script: Script<Key, Arg, Field>,
    keys: Readonly<Record<Key, string>>,
    args: (isRepeated: boolean) => Readonly<Record<Arg, RedisArgument>>,
    items: readonly Readonly<Record<Field, RedisArgument>>[] = [],
  ): Promise<unknown> {
    const key = keys[script.keys[0] as Key];
    const sha1 = this.#sha1Of(script.text);
    return await this.#run(
      { kind: sha1, place: this.#placeOf(key) },
      async (connection, isRepeated) => {
        const rest = scriptArguments(script, keys, args(isRepeated), items);
        try {
          return await connection.send(key, ['EVALSHA', sha1, ...rest]);
        } catch (error) {
          if (!isMissingScript(error)) throw error;
          return await connection.send(key, ['EVAL', script.text, ...rest]);
        }
      },
    );
  }

  /** Waits for what is under way, and lets go. Idempotent; concurrent calls share one promise. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  #sha1Of(text: string): string {
    let sha1 = this.#sha1s.get(text);
    if (sha1 === undefined) {
      sha1 = createHash('sha1').update(text).digest('hex');
      this.#sha1s.set(text, sha1);
    }
    return sha1;
  }

  /** The keys of one store lie on one server, of a Cluster too. */
  #placeOf(key: string): string {
    const { target } = this.#options;
    const isCluster = 'cluster' in target || 'clusterUrls' in target;
    return isCluster ? key.slice(0, key.indexOf('}') + 1) : '';
  }

  #assertOpen(): void {
    if (this.#closed) throw new ClosedError('The storage');
  }

  async #run<T>(call: Call, send: Send<T>): Promise<T> {
    this.#assertOpen();
    const running = this.#untilAnswered(call, send);
    this.#underWay.add(running);
    try {
      return await running;
    } finally {
      this.#underWay.delete(running);
    }
  }

  async #untilAnswered<T>(call: Call, send: Send<T>): Promise<T> {
    let isRepeated = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, MAX_PAUSE_MS)) {
      try {
        const reply = await send(await this.#connected(), isRepeated);
        this.#outage.noteAnswer(call);
        return reply;
      } catch (error) {
        if (isUnreachable(error)) {
          isRepeated = true;
          this.#noteInterruption();
        }
        if (!this.#outage.mayWait(call, error, pauseMs)) throw redisErrorOf(error, this.address);
      }
      await this.#clock.sleep(pauseMs);
    }
  }

  async #connected(): Promise<RedisConnection> {
    this.#connection ??= this.#connect();
    const connecting = this.#connection;
    try {
      return await connecting;
    } catch (error) {
      if (this.#connection === connecting) this.#connection = undefined;
      throw error;
    }
  }

  async #connect(): Promise<RedisConnection> {
    const connection = await this.#firstConnection();
    try {
      await this.#check(connection);
      return connection;
    } catch (error) {
      await connection.close();
      throw error;
    }
  }

  /** Its errors are ours, and so not waited for: a wrong address must not take a minute to show. */
  async #firstConnection(): Promise<RedisConnection> {
    const { target } = this.#options;
    try {
      return await connect({ target, onError: () => this.#noteInterruption() });
    } catch (error) {
      throw redisErrorOf(error, this.address);
    }
  }

  #noteInterruption(): void {
    this.#interruptionsCount++;
    for (const listener of this.#interruptionListeners) listener();
  }

  async #check(connection: RedisConnection): Promise<void> {
    checkServer(String(await connection.send(undefined, ['INFO'])), this.address, this.log);
    const key = `${this.#options.prefix}:layout`;
    let found = await connection.send(key, ['GET', key]);
    if (found === null) {
      await connection.send(key, ['SETNX', key, LAYOUT]);
      found = await connection.send(key, ['GET', key]);
    }
    if (String(found) === LAYOUT) return;
    const isOlder = Number(found) < Number(LAYOUT);
    throw new StorageError(
      isOlder ? 'TROUPE_STORAGE_TOO_OLD' : 'TROUPE_STORAGE_TOO_NEW',
      this.address,
      `${this.address} holds data of ${isOlder ? 'an older' : 'a newer'} Troupe under the prefix '${this.#options.prefix}' (layout ${found}, this one knows ${LAYOUT}); ${isOlder ? 'finish with that one' : 'upgrade'}, or choose another prefix`,
    );
  }

  async #close(): Promise<void> {
    await Promise.allSettled(this.#underWay);
    // Whoever waited for the opening has been told when it failed; there is nothing to close then.
    const connection = await this.#connection?.catch(() => undefined);
    await connection?.close();
  }
}
