/** What a command is made of. */
export type RedisArgument = string | Buffer;

/** How replies are to be read; node-redis knows more. */
export interface RedisCommandOptions {
  readonly typeMapping?: Readonly<Record<number, unknown>>;
}

/** What is asked of a client for one server: `createClient()` of `redis` or `@redis/client` makes one. */
export interface RedisClient {
  readonly isOpen: boolean;
  sendCommand(args: RedisArgument[], options?: RedisCommandOptions): Promise<unknown>;
}

/** What is asked of a client for a Cluster: `createCluster()` of `redis` or `@redis/client` makes one. */
export interface RedisCluster {
  readonly isOpen: boolean;
  sendCommand(
    firstKey: RedisArgument | undefined,
    isReadonly: boolean | undefined,
    args: RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown>;
}

/** What is asked of a client that follows sentinels: `createSentinel()` of `redis` or `@redis/client` makes one. */
export interface RedisSentinel {
  readonly isOpen: boolean;
  sendCommand(
    isReadonly: boolean | undefined,
    args: RedisArgument[],
    options?: RedisCommandOptions,
  ): Promise<unknown>;
}
