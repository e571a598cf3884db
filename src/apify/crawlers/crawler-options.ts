import type * as v from 'valibot';
import { OptionError } from '../../core/errors.ts';
import {
  callback,
  flag,
  integer,
  number,
  objectWith,
  optional,
  optionsObject,
  parseOptions,
  plainObject,
} from '../../core/options.ts';
import type { RequestQueue as EngineQueue } from '../../queue/request-queue.ts';
import { log } from '../log.ts';
import type { ProxyConfiguration } from '../proxy/proxy-configuration.ts';
import { RequestList } from '../request-list.ts';
import type { RequestQueue } from '../request-queue.ts';
import type { SessionPoolOptions } from '../session-pool.ts';

export interface AutoscaledPoolOptions {
  readonly minConcurrency?: number;
  readonly maxConcurrency?: number;
  /** Seconds between two lines of progress. */
  readonly loggingIntervalSecs?: number | null;
  /** Anything else was for the original's way of scaling; it has no effect. */
  readonly [other: string]: unknown;
}

/** What all crawlers have in common. `Context` is what their handlers get. */
export interface CrawlerOptions<Context> {
  /** This, `requestQueue` or both are needed; with both, the list goes into the queue first. */
  readonly requestList?: RequestList;
  /** New name: the same. */
  readonly requestQueue?: RequestQueue | EngineQueue;
  /** Called when a request is given up. New name: `failedRequestHandler`. */
  readonly handleFailedRequestFunction?: (
    inputs: Context & { readonly error: Error },
  ) => Promise<unknown> | unknown;
  /** New name: the same. @default 3 */
  readonly maxRequestRetries?: number;
  /** New name: the same. @default all */
  readonly maxRequestsPerCrawl?: number;
  readonly autoscaledPoolOptions?: AutoscaledPoolOptions;
  /** New name: the same. @default 1 */
  readonly minConcurrency?: number;
  /** New name: the same. @default 1000; of browsers, what the machine has room for */
  readonly maxConcurrency?: number;
  /** New name: the same. @default true */
  readonly useSessionPool?: boolean;
  /** New name: the same. */
  readonly sessionPoolOptions?: SessionPoolOptions;
  /** New name: the same. */
  readonly proxyConfiguration?: ProxyConfiguration | undefined;
}

export interface ResolvedCrawlerOptions<Context>
  extends Omit<CrawlerOptions<Context>, 'maxConcurrency'> {
  readonly maxRequestRetries: number;
  readonly useSessionPool: boolean;
  readonly minConcurrency: number;
  readonly maxConcurrency: number | undefined;
  readonly statusIntervalSecs: number | undefined;
}

const DEFAULTS = Object.freeze({ maxRequestRetries: 3, minConcurrency: 1, useSessionPool: true });

/** Options of the original's way of scaling, which the engine does on its own. */
const SCALING: ReadonlySet<string> = new Set([
  'desiredConcurrency',
  'desiredConcurrencyRatio',
  'scaleUpStepRatio',
  'scaleDownStepRatio',
  'maybeRunIntervalSecs',
  'autoscaleIntervalSecs',
  'snapshotterOptions',
  'systemStatusOptions',
]);
const HEEDED: ReadonlySet<string> = new Set([
  'minConcurrency',
  'maxConcurrency',
  'loggingIntervalSecs',
]);

const COMMON = {
  requestList: optional(objectWith<RequestList>('a RequestList', ['fetchNextRequest'])),
  requestQueue: optional(objectWith<RequestQueue>('a RequestQueue', ['fetchNextRequest'])),
  handleFailedRequestFunction: optional(callback()),
  maxRequestRetries: optional(integer({ min: 0 })),
  maxRequestsPerCrawl: optional(integer({ min: 1 })),
  autoscaledPoolOptions: optional(plainObject()),
  minConcurrency: optional(integer({ min: 1 })),
  maxConcurrency: optional(integer({ min: 1 })),
  useSessionPool: optional(flag()),
  // Checked by the pool itself.
  sessionPoolOptions: optional(plainObject()),
  proxyConfiguration: optional(
    objectWith<ProxyConfiguration>('a ProxyConfiguration of troupe/apify', ['bind', 'restored']),
  ),
} satisfies v.ObjectEntries;

/** A time limit. */
export function secs(): v.GenericSchema<number> {
  return number({ min: 0.001 });
}

/**
 * Checks what all crawlers share, and what one adds.
 *
 * @throws OptionError
 */
export function resolveCrawlerOptions<Options>(
  input: Options,
  name: string,
  own: v.ObjectEntries,
): Options & ResolvedCrawlerOptions<never> {
  const schema = optionsObject({ ...COMMON, ...own }) as v.GenericSchema;
  const given = parseOptions(schema, input, name) as Options & CrawlerOptions<never>;
  const { requestList, requestQueue, autoscaledPoolOptions = {} } = given;
  if (!requestList && !requestQueue) {
    const message = `Expected \`requestList\` or \`requestQueue\` in ${name}, got neither`;
    throw new OptionError('requestQueue', message);
  }
  if (requestList && !(requestList instanceof RequestList)) {
    throw new OptionError('requestList', 'Expected `requestList` to be a RequestList');
  }
  checkScaling(autoscaledPoolOptions);
  const { minConcurrency, maxConcurrency, loggingIntervalSecs } = autoscaledPoolOptions;
  return {
    ...given,
    maxRequestRetries: given.maxRequestRetries ?? DEFAULTS.maxRequestRetries,
    useSessionPool: given.useSessionPool ?? DEFAULTS.useSessionPool,
    minConcurrency: given.minConcurrency ?? minConcurrency ?? DEFAULTS.minConcurrency,
    maxConcurrency: given.maxConcurrency ?? maxConcurrency,
    statusIntervalSecs: loggingIntervalSecs === null ? 0 : loggingIntervalSecs,
  };
}

/** Without what was not given: the engine has defaults of its own. */
export function definedOnly<T extends object>(
  options: T,
): { [Name in keyof T]?: Exclude<T[Name], undefined> } {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as never;
}

function checkScaling(options: AutoscaledPoolOptions): void {
  for (const name of Object.keys(options)) {
    if (HEEDED.has(name)) continue;
    const path = `autoscaledPoolOptions.${name}`;
    if (!SCALING.has(name)) throw new OptionError(path, `Unknown option \`${path}\``);
    log.debug(`\`${path}\` has no effect: the engine scales by itself`);
  }
}
