import type { RequestQueue } from '../queue/request-queue.ts';
import type { RequestSource, RequestSources } from '../queue/request-source.ts';

/** Added requests that are on their way to the store at once. */
const MAX_PENDING = 500;

/**
 * Puts start requests into the queue. A list goes in whole; what an asynchronous source gives goes in one by one as
 * it comes, because the next one may be long in coming. Ends early, without an error, once the signal is aborted.
 *
 * @throws OptionError when a source makes no request
 */
export async function feed(
  queue: RequestQueue,
  sources: RequestSources,
  signal: AbortSignal,
): Promise<void> {
  if (isList(sources)) {
    await queue.addRequests(untilAborted(sources, signal));
    return;
  }
  if (!isAsync(sources)) {
    // Says what it should have been.
    await queue.addRequests(sources);
    return;
  }
  const pending = new Set<Promise<unknown>>();
  let failure: { readonly error: unknown } | undefined;
  for await (const source of sources) {
    if (signal.aborted || failure) break;
    const adding = queue.addRequest(source).catch((error) => {
      failure ??= { error };
    });
    pending.add(adding);
    void adding.finally(() => pending.delete(adding));
    if (pending.size >= MAX_PENDING) await Promise.race(pending);
  }
  await Promise.all(pending);
  if (failure && !signal.aborted) throw failure.error;
}

function isList(sources: unknown): sources is Iterable<RequestSource> {
  return typeof sources === 'object' && sources !== null && Symbol.iterator in sources;
}

function isAsync(sources: unknown): sources is AsyncIterable<RequestSource> {
  return typeof sources === 'object' && sources !== null && Symbol.asyncIterator in sources;
}

function* untilAborted(
  sources: Iterable<RequestSource>,
  signal: AbortSignal,
): Generator<RequestSource> {
  for (const source of sources) {
    if (signal.aborted) return;
    yield source;
  }
}
