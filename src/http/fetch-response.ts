import type { HttpResponse } from './http-client.ts';

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Statuses whose responses have no body in the Fetch standard. */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);

export function isRedirect({ statusCode, headers }: HttpResponse): boolean {
  return REDIRECTS.has(statusCode) && headers['location'] !== undefined;
}

/** A standard `Response` around one of ours; its body is read as it is asked for. */
export function fetchResponse(
  response: HttpResponse,
  { method, signal }: { readonly method: string; readonly signal: AbortSignal },
): Response {
  const { statusCode, statusMessage, url, hops } = response;
  const hasBody = method !== 'HEAD' && !BODILESS.has(statusCode);
  if (!hasBody) response.discard();
  const made = new Response(hasBody ? streamOf(response, signal) : null, {
    status: statusCode,
    statusText: statusMessage,
    headers: headersOf(response),
  });
  return located(made, url, hops.length > 1);
}

/** A response made by hand knows no URL, and neither do its clones. */
function located(response: Response, url: string, redirected: boolean): Response {
  const clone = (): Response => located(Response.prototype.clone.call(response), url, redirected);
  return Object.defineProperties(response, {
    url: { value: url, enumerable: true },
    redirected: { value: redirected, enumerable: true },
    clone: { value: clone },
  });
}

function headersOf({ headers }: HttpResponse): Headers {
  const made = new Headers();
  for (const [name, value] of Object.entries(headers)) {
    if (typeof value === 'string') made.append(name, value);
    else for (const item of value) made.append(name, item);
  }
  return made;
}

function streamOf(response: HttpResponse, signal: AbortSignal): ReadableStream<Uint8Array> {
  const chunks = response.body[Symbol.asyncIterator]();
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          controller.error(
            signal.aborted ? signal.reason : new TypeError('terminated', { cause: error }),
          );
        }
      },
      cancel: () => response.discard(),
    },
    { highWaterMark: 0 },
  );
}
