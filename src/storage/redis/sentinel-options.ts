import { OptionError } from '../../core/errors.ts';
import {
  anything,
  expectedText,
  integer,
  listOf,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../../core/options.ts';
import { serverUrl } from './server-url.ts';

/** Servers that sentinels watch: one master, which writes go to, and its replicas, which take its place. */
export interface SentinelOptions {
  /** What the sentinels call these servers. */
  readonly masterName: string;
  /**
   * URLs of all sentinels, `redis://user:password@host:26379`; they are asked in this order. If the first begins with
   * `rediss://`, TLS is used with the servers too.
   */
  readonly nodes: readonly string[];
  /** Of the servers, which may differ from the sentinels' own. */
  readonly username?: string;
  /** Of the servers. */
  readonly password?: string;
  /** @default 0 */
  readonly database?: number;
}

export interface ResolvedSentinelOptions {
  readonly masterName: string;
  readonly nodes: readonly URL[];
  readonly isTls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number;
}

const DEFAULTS = Object.freeze({ database: 0 });

const SCHEMA = optionsObject({
  sentinel: optionsObject({
    masterName: text(),
    nodes: listOf(anything(), 'a list of URLs'),
    username: optional(text()),
    password: optional(text()),
    database: optional(integer({ min: 0, max: 65_535 })),
  }),
});

const SENTINEL = 'an object such as { masterName, nodes }, or a client of node-redis for sentinels';

/** @throws OptionError */
export function resolveSentinelOptions(options: SentinelOptions): ResolvedSentinelOptions {
  // Not shown: a URL with a password may stand where it does not belong.
  if (typeof options === 'string') throw notSentinels('sentinel', SENTINEL);
  if (typeof options?.nodes === 'string') throw notSentinels('sentinel.nodes', 'a list of URLs');
  const { sentinel } = parseOptions(SCHEMA, { sentinel: options }, 'RedisStorageOptions');
  const { masterName, nodes, username, password } = sentinel;
  if (nodes.length === 0) {
    throw new OptionError(
      'sentinel.nodes',
      expectedText('sentinel.nodes', 'a list of URLs, at least one', nodes),
    );
  }
  const urls = nodes.map((node, index) => serverUrl(`sentinel.nodes[${index}]`, node));
  return {
    masterName,
    nodes: urls,
    isTls: urls[0]?.protocol === 'rediss:',
    username,
    password,
    database: sentinel.database ?? DEFAULTS.database,
  };
}

function notSentinels(option: string, expectation: string): OptionError {
  return new OptionError(option, `Expected \`${option}\` to be ${expectation}, got a string`);
}
