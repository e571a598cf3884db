import { OptionError } from '../core/errors.ts';
import { expectedText } from '../core/options.ts';
import { Request } from './request.ts';
import type { RequestOptions } from './request-options.ts';

/** A URL, what a request is made of, or a request. */
export type RequestSource = string | RequestOptions | Request;

/** Any number of them; an async iterable is read no faster than the queue takes them in. */
export type RequestSources = Iterable<RequestSource> | AsyncIterable<RequestSource>;

const CHUNK_SIZE = 500;

/** @throws OptionError when the source makes no request */
export function requestOf(source: RequestSource): Request {
  return source instanceof Request ? source : new Request(source);
}

/**
 * The requests the sources make, some hundreds at a time, so that a list of millions is never in memory whole.
 *
 * @throws OptionError at the chunk with a source that makes no request
 */
export function requestChunks(sources: RequestSources): AsyncGenerator<Request[]> {
  assertIterable(sources);
  return Symbol.iterator in sources ? chunksAtHand(sources) : chunksAwaited(sources);
}

/** Without the promise an item that `for await` makes: most calls bring the links of one page. */
async function* chunksAtHand(sources: Iterable<RequestSource>): AsyncGenerator<Request[]> {
  let chunk: Request[] = [];
  for (const source of sources) {
    chunk.push(requestOf(source));
    if (chunk.length < CHUNK_SIZE) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

async function* chunksAwaited(sources: AsyncIterable<RequestSource>): AsyncGenerator<Request[]> {
  let chunk: Request[] = [];
  for await (const source of sources) {
    chunk.push(requestOf(source));
    if (chunk.length < CHUNK_SIZE) continue;
    yield chunk;
    chunk = [];
  }
  if (chunk.length > 0) yield chunk;
}

function assertIterable(sources: unknown): void {
  const isIterable =
    typeof sources === 'object' &&
    sources !== null &&
    (Symbol.iterator in sources || Symbol.asyncIterator in sources);
  if (isIterable) return;
  throw new OptionError('sources', expectedText('sources', 'an iterable of requests', sources));
}
