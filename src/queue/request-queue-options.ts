import { type Clock, systemClock } from '../core/clock.ts';
import { Log } from '../core/log.ts';
import {
  integer,
  number,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  text,
} from '../core/options.ts';
import type { Storage } from '../storage/storage.ts';

export interface RequestQueueOptions {
  /** Where the requests are kept. Borrowed: closing the queue does not close it. */
  readonly storage: Storage;
  /** @default 'default' */
  readonly name?: string;
  /**
   * How long a request stays ours after the process has died. While it lives, locks are extended at half of this.
   * @default 30
   */
  readonly lockSecs?: number;
  /** Requests claimed from the store before anybody asks for them. @default 100 */
  readonly maxLookAhead?: number;
  /**
   * Between two requests to one registrable domain, of all workers on the store together, by the store's clock. Give
   * it to every process that adds requests, as it decides which of them belong together. Nothing is claimed ahead of
   * need then, and what is fetched should start at once.
   * @default 0: requests are told apart by origin, and need not wait for each other
   */
  readonly sameDomainDelaySecs?: number;
  /** How often those who wait look for requests that other processes have added. @default 1 */
  readonly pollSecs?: number;
  /** Added requests remembered, so that adding them again costs no store call; about 250 bytes each. @default 100_000 */
  readonly maxRecent?: number;
  readonly clock?: Clock;
  readonly log?: Log;
}

export type ResolvedRequestQueueOptions = Required<RequestQueueOptions>;

const DEFAULTS = Object.freeze({
  name: 'default',
  lockSecs: 30,
  maxLookAhead: 100,
  sameDomainDelaySecs: 0,
  pollSecs: 1,
  maxRecent: 100_000,
});

const schema = optionsObject({
  storage: objectWith<Storage>('a storage', ['openRequestStore']),
  name: optional(text()),
  lockSecs: optional(number({ min: 0.1, max: 86_400 })),
  maxLookAhead: optional(integer({ min: 0, max: 10_000 })),
  sameDomainDelaySecs: optional(number({ min: 0, max: 86_400 })),
  pollSecs: optional(number({ min: 0.01, max: 86_400 })),
  maxRecent: optional(integer({ min: 0, max: 10_000_000 })),
  clock: optional(objectWith<Clock>('a clock', ['now', 'setTimer'])),
  log: optional(objectWith<Log>('a log', ['warning', 'error'])),
});

/** @throws OptionError */
export function resolveRequestQueueOptions(
  options: RequestQueueOptions,
): ResolvedRequestQueueOptions {
  const given = parseOptions(schema, options, 'RequestQueue options');
  return {
    storage: given.storage,
    name: given.name ?? DEFAULTS.name,
    lockSecs: given.lockSecs ?? DEFAULTS.lockSecs,
    maxLookAhead: given.maxLookAhead ?? DEFAULTS.maxLookAhead,
    sameDomainDelaySecs: given.sameDomainDelaySecs ?? DEFAULTS.sameDomainDelaySecs,
    pollSecs: given.pollSecs ?? DEFAULTS.pollSecs,
    maxRecent: given.maxRecent ?? DEFAULTS.maxRecent,
    clock: given.clock ?? systemClock,
    log: given.log ?? new Log({ prefix: 'RequestQueue' }),
  };
}
