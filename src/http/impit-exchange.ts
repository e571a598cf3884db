import type { Impit, ImpitResponse, RequestInit } from 'impit';
import type { Clock } from '../core/clock.ts';
import { afterPoll } from './after-poll.ts';
import type { ByteSource } from './byte-source.ts';
import type { Stoppable } from './deadline.ts';
import type { Hop, HopResponse } from './hop.ts';
import type { HttpError, HttpErrorKind } from './http-error.ts';
import { classifyImpitError } from './impit-errors.ts';
import { requestError } from './request-error.ts';

/** What impit decodes itself; anything else, several codings together included, comes as it is. */
const DECODED: ReadonlySet<string> = new Set(['identity', 'gzip', 'deflate', 'br', 'zstd']);

const GRACE_MS = 2000;

/** One request through impit. */
export class ImpitExchange implements ByteSource, Stoppable {
  readonly #hop: Hop;
  readonly #clock: Clock;
  readonly #onEnd: (exchange: ImpitExchange) => void;
  readonly #abort = new AbortController();
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isEnded = false;
  #error: HttpError | undefined;
  /** Ends what is being waited for: the response, or the next bytes. */
  #reject: ((error: HttpError) => void) | undefined;

  constructor(hop: Hop, clock: Clock, onEnd: (exchange: ImpitExchange) => void) {
    this.#hop = hop;
    this.#clock = clock;
    this.#onEnd = onEnd;
    hop.deadline.watch(this);
  }

  async send(impit: Impit): Promise<HopResponse> {
    if (this.#error) throw this.#error;
    const { connectTimeoutMs = 10_000, firstByteTimeoutMs = 30_000 } = this.#hop.request;
    const limitMs = connectTimeoutMs + firstByteTimeoutMs;
    let isAnswered = false;
    const giveUp = (): void => {
      if (!isAnswered) this.#stop('first-byte-timeout', `no answer after ${limitMs / 1000} s`);
    };
    const timer = this.#clock.setTimer(() => afterPoll(giveUp), limitMs);
    try {
      const response = await this.#unlessStopped(impit.fetch(this.#hop.url.href, this.#init()));
      if (response.status === 407 && this.#hop.request.proxy) {
        this.#stop('proxy', 'the proxy asks for other credentials (407)', undefined, 407);
        throw this.#error;
      }
      this.#reader = response.body.getReader();
      return responseOf(response, this);
    } catch (error) {
      throw this.#fail(error, 'waiting');
    } finally {
      isAnswered = true;
      timer.cancel();
    }
  }

  read(): null | Promise<Uint8Array | null> {
    if (this.#error) return Promise.reject(this.#error);
    return this.#isEnded ? null : this.#readNext();
  }

  discard(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#reader?.cancel().catch(() => {});
  }

  stop(kind: 'total-timeout' | 'aborted', what: string, cause?: unknown): void {
    this.#stop(kind, what, cause);
  }

  async #readNext(): Promise<Uint8Array | null> {
    try {
      const reading = (this.#reader as ReadableStreamDefaultReader<Uint8Array>).read();
      const { done, value } = await this.#unlessStopped(reading);
      if (!done) return value;
      this.#end();
      return null;
    } catch (error) {
      throw this.#fail(error, 'body');
    }
  }

  #stop(kind: HttpErrorKind, what: string, cause?: unknown, proxyStatus?: number): void {
    if (this.#isEnded) return;
    this.#error = requestError(kind, this.#hop, what, { cause, proxyStatus });
    this.#end();
    // First, because a cancelled reader reports a regular end.
    this.#reject?.(this.#error);
    this.#abort.abort(this.#error);
    this.#reader?.cancel().catch(() => {});
  }

  #fail(error: unknown, phase: 'waiting' | 'body'): HttpError {
    this.#error ??= classifyImpitError(error, this.#hop, phase);
    this.#end();
    return this.#error;
  }

  #end(): void {
    this.#isEnded = true;
    this.#hop.deadline.release(this);
    this.#onEnd(this);
  }

  async #unlessStopped<T>(work: Promise<T>): Promise<T> {
    const stopped = new Promise<never>((_resolve, reject) => {
      this.#reject = reject;
    });
    try {
      return await Promise.race([work, stopped]);
    } finally {
      this.#reject = undefined;
    }
  }

  #init(): RequestInit {
    const { method, headers, body, request } = this.#hop;
    const pairs: [string, string][] = [];
    for (let index = 0; index < headers.length; index += 2) {
      pairs.push([headers[index] as string, headers[index + 1] as string]);
    }
    return {
      method: method as NonNullable<RequestInit['method']>,
      headers: pairs,
      redirect: 'manual',
      signal: this.#abort.signal,
      // An aborted request goes on below us until this is over. Ours must come first: impit's calls it a broken body.
      timeout: Math.min((request.totalTimeoutMs ?? 60_000) + GRACE_MS, 2 ** 31 - 1),
      ...(body === undefined ? {} : { body: Buffer.from(body) }),
    };
  }
}

function responseOf(response: ImpitResponse, source: ByteSource): HopResponse {
  const headers: Record<string, string | string[]> = {};
  for (const [name, value] of response.headers) headers[name] = value;
  const setCookie = response.headers.getSetCookie();
  if (setCookie.length > 0) headers['set-cookie'] = setCookie;
  return {
    statusCode: response.status,
    statusMessage: response.statusText,
    headers,
    source,
    isEncoded: !DECODED.has(String(headers['content-encoding'] ?? 'identity').toLowerCase()),
  };
}
