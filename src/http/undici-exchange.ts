import type { Dispatcher } from 'undici';
import type { Clock, Timer } from '../core/clock.ts';
import { afterPoll } from './after-poll.ts';
import type { ByteSource } from './byte-source.ts';
import type { Stoppable } from './deadline.ts';
import type { Hop, HopResponse } from './hop.ts';
import type { HttpError, HttpErrorKind } from './http-error.ts';
import { requestError } from './request-error.ts';
import { classify, type Phase, type Route } from './undici-errors.ts';

/** Reading from the network pauses above the first and goes on below the second. */
const PAUSE_ABOVE_BYTES = 256 * 1024;
const RESUME_BELOW_BYTES = 64 * 1024;

/** An unwanted rest that is no larger and comes no slower is read to its end, which saves the connection. */
const DRAIN_BYTES = 64 * 1024;
const DRAIN_MS = 1000;

/** One request on one connection: what undici reports, turned into a {@link HopResponse} and its bytes. */
export class UndiciExchange implements Dispatcher.DispatchHandler, ByteSource, Stoppable {
  readonly response: Promise<HopResponse>;
  readonly #hop: Hop;
  readonly #route: Route;
  readonly #clock: Clock;
  readonly #firstByteTimeoutMs: number;
  #resolve!: (response: HopResponse) => void;
  #reject!: (error: HttpError) => void;
  #phase: Phase = 'connecting';
  #controller: Dispatcher.DispatchController | undefined;
  #timer: Timer | undefined;
  #chunks: Uint8Array[] = [];
  #firstChunk = 0;
  #bufferedBytes = 0;
  #isPaused = false;
  #isDiscarded = false;
  #drainedBytes = 0;
  #contentLength = 0;
  #error: HttpError | undefined;
  #reader: { resolve(chunk: Uint8Array | null): void; reject(error: HttpError): void } | undefined;

  constructor(hop: Hop, route: Route, clock: Clock) {
    this.#hop = hop;
    this.#route = route;
    this.#clock = clock;
    this.#firstByteTimeoutMs = hop.request.firstByteTimeoutMs ?? 30_000;
    this.response = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    hop.deadline.watch(this);
  }

  /** Over already, for instance because the caller had aborted before. */
  get isEnded(): boolean {
    return this.#phase === 'ended';
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#phase === 'ended') {
      controller.abort(this.#error as HttpError);
      return;
    }
    this.#controller = controller;
    this.#phase = 'waiting';
    if (this.#firstByteTimeoutMs === Number.POSITIVE_INFINITY) return;
    this.#timer = this.#clock.setTimer(() => afterPoll(this.#giveUp), this.#firstByteTimeoutMs);
  }

  readonly #giveUp = (): void => {
    if (this.#phase !== 'waiting') return;
    this.#abort('first-byte-timeout', `no answer after ${this.#firstByteTimeoutMs / 1000} s`);
  };

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[]>,
    statusMessage = '',
  ): void {
    if (statusCode < 200 || this.#phase === 'ended') return;
    this.#timer?.cancel();
    if (statusCode === 407 && this.#route === 'forward') {
      this.#abort('proxy', 'the proxy asks for other credentials (407)', undefined, 407);
      return;
    }
    this.#phase = 'body';
    this.#contentLength = Number(headers['content-length'] ?? 0);
    this.#resolve({ statusCode, statusMessage, headers, source: this, isEncoded: true });
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Uint8Array): void {
    if (this.#phase === 'ended') return;
    if (this.#isDiscarded) {
      this.#drainedBytes += chunk.length;
      if (this.#drainedBytes > DRAIN_BYTES) this.#end()?.abort(DISCARDED);
      return;
    }
    const reader = this.#reader;
    if (reader) {
      this.#reader = undefined;
      reader.resolve(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#bufferedBytes += chunk.length;
    if (this.#bufferedBytes > PAUSE_ABOVE_BYTES && !this.#isPaused) {
      this.#isPaused = true;
      this.#controller?.pause();
    }
  }

  onResponseEnd(): void {
    this.#end();
    this.#reader?.resolve(null);
    this.#reader = undefined;
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === 'ended') return;
    this.#fail(classify(error, this.#hop, { phase: this.#phase, route: this.#route }));
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const chunk = this.#chunks[this.#firstChunk];
    if (chunk) {
      this.#firstChunk++;
      if (this.#firstChunk === this.#chunks.length) {
        this.#chunks = [];
        this.#firstChunk = 0;
      }
      this.#bufferedBytes -= chunk.length;
      if (this.#isPaused && this.#bufferedBytes < RESUME_BELOW_BYTES) this.#goOn();
      return chunk;
    }
    if (this.#error) return Promise.reject(this.#error);
    if (this.#phase === 'ended' || this.#isDiscarded) return null;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  discard(): void {
    if (this.#isDiscarded) return;
    this.#isDiscarded = true;
    this.#chunks = [];
    this.#firstChunk = 0;
    this.#reader?.resolve(null);
    this.#reader = undefined;
    if (this.#phase === 'ended') return;
    this.#hop.deadline.release(this);
    if (this.#contentLength > DRAIN_BYTES) {
      this.#end()?.abort(DISCARDED);
      return;
    }
    const giveUp = (): void => this.#end()?.abort(DISCARDED);
    this.#timer = this.#clock.setTimer(giveUp, DRAIN_MS, { isBackground: true });
    if (this.#isPaused) this.#goOn();
  }

  stop(kind: 'total-timeout' | 'aborted', what: string, cause?: unknown): void {
    if (this.#phase !== 'ended') this.#abort(kind, what, cause);
  }

  #abort(kind: HttpErrorKind, what: string, cause?: unknown, proxyStatus?: number): void {
    const error = requestError(kind, this.#hop, what, { cause, proxyStatus });
    const controller = this.#fail(error);
    controller?.abort(error);
  }

  /** Ends with an error: of the response when it has not come yet, of the body otherwise. */
  #fail(error: HttpError): Dispatcher.DispatchController | undefined {
    const phase = this.#phase;
    const controller = this.#end();
    this.#error = error;
    if (phase === 'body') {
      // What came late is worthless, what came before a cut is not.
      if (error.kind !== 'truncated') this.#chunks = [];
      this.#reader?.reject(error);
      this.#reader = undefined;
    } else {
      this.#reject(error);
    }
    return controller;
  }

  #end(): Dispatcher.DispatchController | undefined {
    this.#phase = 'ended';
    this.#timer?.cancel();
    this.#hop.deadline.release(this);
    return this.#controller;
  }

  #goOn(): void {
    this.#isPaused = false;
    this.#controller?.resume();
  }
}

const DISCARDED = new Error('The rest of the body is not wanted');
