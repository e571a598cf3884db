import { setImmediate } from 'node:timers/promises';
import type { FakeClock } from '../../src/core/fake-clock.ts';
import { Log } from '../../src/core/log.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../../src/http/http-client.ts';
import { UndiciClient } from '../../src/http/undici-client.ts';
import type { ProxyInfo } from '../../src/proxy/proxy-info.ts';

/** Says nothing, so that expected failures do not clutter the tests' output. */
export const QUIET: Log = new Log({ level: 'off' });

/** The real client, with a record of what it was asked to send and how much of it is under way. */
export class WatchedClient implements HttpClient {
  readonly name = 'watched';
  readonly sent: { readonly proxy: ProxyInfo | null; readonly at: number }[] = [];
  inFlight = 0;
  readonly #clock: FakeClock;
  readonly #client: UndiciClient = new UndiciClient();

  constructor(clock: FakeClock) {
    this.#clock = clock;
  }

  async send(request: HttpRequest): Promise<HttpResponse> {
    this.sent.push({ proxy: request.proxy ?? null, at: this.#clock.monotonicMs() });
    this.inFlight++;
    try {
      return await this.#client.send(request);
    } finally {
      this.inFlight--;
    }
  }

  close(): Promise<void> {
    return this.#client.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** Moves the clock from timer to timer, but never while a request is on the wire, until the promise settles. */
export async function drive<T>(
  clock: FakeClock,
  client: WatchedClient,
  promise: Promise<T>,
): Promise<T> {
  let isSettled = false;
  const settle = (): void => {
    isSettled = true;
  };
  promise.then(settle, settle);
  while (!isSettled) {
    await setImmediate();
    if (client.inFlight === 0 && !isSettled) await clock.advance(clock.nextTimerInMs ?? 0);
  }
  return promise;
}
