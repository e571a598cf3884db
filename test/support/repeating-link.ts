import type { FakeClock } from '../../src/core/fake-clock.ts';
import type { RedisArgument } from '../../src/storage/redis/redis-client.ts';
import { RedisLink } from '../../src/storage/redis/redis-link.ts';
import type { ResolvedRedisOptions } from '../../src/storage/redis/redis-options.ts';
import type { Script } from '../../src/storage/redis/script.ts';

/** A link that can lose the answer to a script: it is sent again, as after a broken connection, some time later. */
export class RepeatingLink extends RedisLink {
  readonly #storeClock: FakeClock;
  #lostForMs: number | undefined;

  constructor(options: ResolvedRedisOptions, storeClock: FakeClock) {
    super(options);
    this.#storeClock = storeClock;
  }

  /** `null` loses none. */
  loseNextAnswer(forMs: number | undefined): void {
    this.#lostForMs = forMs;
  }

  get isLosing(): boolean {
    return this.#lostForMs !== undefined;
  }

  override async script<Key extends string, Arg extends string, Field extends string>(
    script: Script<Key, Arg, Field>,
    keys: Readonly<Record<Key, string>>,
    args: (isRepeated: boolean) => Readonly<Record<Arg, RedisArgument>>,
    items: readonly Readonly<Record<Field, RedisArgument>>[] = [],
  ): Promise<unknown> {
    const reply = await super.script(script, keys, args, items);
    const forMs = this.#lostForMs;
    if (forMs === undefined) return reply;
    this.#lostForMs = undefined;
    await this.#storeClock.advance(forMs);
    return await super.script(script, keys, () => args(true), items);
  }
}
