import * as v from 'valibot';
import { OptionError } from '../core/errors.ts';
import { expectedText, optional, optionsObject, parseOptions, string } from '../core/options.ts';
import { requestAsBrowser as engineRequest } from '../http/request-as-browser.ts';
import type {
  BrowserResponse,
  BrowserResponseHead,
  RequestAsBrowserOptions as EngineOptions,
} from '../http/request-as-browser-options.ts';
import { Request } from '../queue/request.ts';
import { jsonText } from './json-text.ts';

type Shared = Omit<EngineOptions, 'url' | 'headers' | 'session' | 'client' | 'random' | 'signal'>;

export interface RequestAsBrowserOptions extends Shared {
  readonly url: string;
  /** A header without a value is not sent. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** As `payload`, where it is a text or bytes. */
  readonly body?: string | Uint8Array;
  /** As `json: true`, or `decodeBody: false`. @default 'text' */
  readonly responseType?: 'text' | 'json' | 'buffer';
  /** Encodes the URL by `encodeURI()` first. @default false */
  readonly forceUrlEncoding?: boolean;
  /** Accepted; broken headers are always read as leniently as undici can. @default true */
  readonly useInsecureHttpParser?: boolean;
}

/** What `requestAsBrowser()` gives: as of Node's responses, with the body beside. */
// biome-ignore lint/suspicious/noExplicitAny: documented so; the body is a text, a Buffer, a value or a stream
export type RequestAsBrowserResult = BrowserResponse<any>;

/** Decides by status and headers whether the body is wanted. */
export type AbortFunction = (response: BrowserResponseHead) => boolean;

const OWN = optionsObject({
  headers: v.optional(
    v.record(v.string(), v.optional(v.string('a text')), 'an object of texts') as v.GenericSchema<
      Readonly<Record<string, string | undefined>>
    >,
  ),
  body: v.optional(v.union([v.string(), v.instance(Uint8Array)], 'a text or bytes')),
  responseType: optional(v.picklist(['text', 'json', 'buffer'], 'one of `text`, `json`, `buffer`')),
  forceUrlEncoding: optional(v.boolean('true or false')),
  useInsecureHttpParser: optional(v.boolean('true or false')),
  url: string(),
});

/**
 * Sends one request with the headers of a browser. New name: `requestAsBrowser()` of `troupe`, or `sendRequest()` in a
 * handler, which sends it as the session.
 *
 * @throws HttpError, HttpStatusError with `throwHttpErrors`, OptionError
 */
export async function requestAsBrowser(
  options: RequestAsBrowserOptions | Request,
): Promise<RequestAsBrowserResult> {
  const given = options instanceof Request ? optionsOfRequest(options) : options;
  const { headers, body, responseType, forceUrlEncoding, useInsecureHttpParser, ...rest } = given;
  const { url } = rest;
  parseOptions(
    OWN,
    { url, headers, body, responseType, forceUrlEncoding, useInsecureHttpParser },
    'requestAsBrowser options',
  );
  refuse(rest, 'headerGeneratorOptions');
  const response = await engineRequest<unknown>({
    ...rest,
    url: forceUrlEncoding ? encodeURI(url) : url,
    headers: withoutEmpty(headers),
    ...(body === undefined ? {} : { payload: body }),
    ...(responseType === 'json' ? { json: true } : {}),
    ...(responseType === 'buffer' ? { decodeBody: false } : {}),
  });
  return isJsonText(response) ? { ...response, body: jsonText(response.body) } : response;
}

function optionsOfRequest({ url, method, headers, payload }: Request): RequestAsBrowserOptions {
  return { url, method, headers, ...(payload === undefined ? {} : { payload }) };
}

/** As sent by sites that have nothing to say in it. */
function withoutEmpty(headers: RequestAsBrowserOptions['headers'] = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).filter((entry): entry is [string, string] => Boolean(entry[1])),
  );
}

function refuse(options: object, name: string): void {
  const value = (options as Readonly<Record<string, unknown>>)[name];
  if (value === undefined) return;
  const expectation = 'absent: browsers come from our own table, see `useMobileVersion`';
  throw new OptionError(name, expectedText(name, expectation, value));
}

function isJsonText(response: BrowserResponse): response is BrowserResponse<string> {
  const type = String(response.headers['content-type'] ?? '');
  return typeof response.body === 'string' && /^application\/(?:[^;]+\+)?json\b/i.test(type);
}
