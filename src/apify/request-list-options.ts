import * as v from 'valibot';
import {
  callback,
  flag,
  listOf,
  optional,
  optionsObject,
  parseOptions,
  plainObject,
  text,
} from '../core/options.ts';
import { Request } from '../queue/request.ts';
import type { RequestOptions } from '../queue/request-options.ts';
import { downloadListOfUrls } from './urls-in-text.ts';

/** A file of URLs on the web; everything else goes into each of its requests. */
export type RequestsFromUrl = Omit<RequestOptions, 'url'> & {
  readonly requestsFromUrl: string;
  readonly regex?: RegExp;
};

export type RequestListSource = string | Request | RequestOptions | RequestsFromUrl;

export interface RequestListState {
  readonly nextIndex: number;
  readonly nextUniqueKey: string | null;
  readonly inProgress: Readonly<Record<string, boolean>>;
}

export interface RequestListOptions {
  /** Emptied when the list is initialized. */
  sources?: RequestListSource[];
  /** Asked for more sources, unless they were persisted by an earlier run. */
  sourcesFunction?: () => Promise<RequestListSource[]> | RequestListSource[];
  /** Under this key of the default store the list keeps how far it has come. */
  persistStateKey?: string;
  /** Under this key of the default store the list keeps its requests. */
  persistRequestsKey?: string;
  /** Where to go on. */
  state?: RequestListState;
  /** @default false */
  keepDuplicateUrls?: boolean;
}

const SCHEMA = optionsObject({
  sources: optional(listOf(v.unknown() as v.GenericSchema<RequestListSource>, 'an array')),
  sourcesFunction: optional(callback<NonNullable<RequestListOptions['sourcesFunction']>>()),
  persistStateKey: optional(text()),
  persistRequestsKey: optional(text()),
  state: optional(plainObject() as v.GenericSchema<unknown> as v.GenericSchema<RequestListState>),
  keepDuplicateUrls: optional(flag()),
});

/** @throws OptionError */
export function resolveListOptions(options: RequestListOptions): RequestListOptions {
  const checked = parseOptions(SCHEMA, options, 'RequestListOptions') as RequestListOptions;
  // The array itself, as it is to be emptied.
  return options.sources ? { ...checked, sources: options.sources } : checked;
}

/** The requests a source stands for; a file on the web is downloaded. @throws OptionError */
export async function requestsOf(
  source: RequestListSource,
  keepDuplicateUrls: boolean,
): Promise<Request[]> {
  if (source instanceof Request) return [source];
  if (typeof source === 'string') return [requestFor({ url: source }, keepDuplicateUrls)];
  if (!('requestsFromUrl' in source)) return [requestFor(source, keepDuplicateUrls)];
  const { requestsFromUrl, regex, ...template } = source;
  const urls = await downloadListOfUrls({
    url: requestsFromUrl,
    ...(regex ? { urlRegExp: withGlobalFlag(regex) } : {}),
  });
  return urls.map((url) => requestFor({ ...template, url }, keepDuplicateUrls));
}

let duplicateCount = 0;

function requestFor(options: RequestOptions, keepDuplicateUrls: boolean): Request {
  const request = new Request(options);
  if (!keepDuplicateUrls || options.uniqueKey !== undefined) return request;
  return new Request({ ...options, uniqueKey: `${request.uniqueKey}-${duplicateCount++}` });
}

function withGlobalFlag(regex: RegExp): RegExp {
  return regex.global ? regex : new RegExp(regex, `${regex.flags}g`);
}
