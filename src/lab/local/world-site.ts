import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import { SeededRandom } from '../../core/random.ts';
import { IntroducingServer } from './introducing-server.ts';
import type { PageGraph } from './page-graph.ts';
import { DENIED_PAGE, sendHtml } from './site-answer.ts';
import { type Answer, Visitor } from './visitor.ts';

/**
 * The website of the local world. It judges a request by where its connection comes from, as a real site
 * judges the source address.
 */
export class WorldSite {
  readonly server: IntroducingServer<Visitor>;
  readonly #graph: PageGraph;
  readonly #clock: Clock;
  /** One who comes without a proxy gets every page. */
  readonly #stranger = new Visitor({ kind: 'healthy' }, new SeededRandom(0), 0);
  readonly #servedTimes: Uint32Array;

  constructor(options: { graph: PageGraph; clock: Clock }) {
    this.#graph = options.graph;
    this.#clock = options.clock;
    this.#servedTimes = new Uint32Array(options.graph.pagesCount + 1);
    this.server = new IntroducingServer((request, response) => this.#answer(request, response));
  }

  /** How often each page was served whole, by page number; index 0 is unused. */
  get servedTimes(): ArrayLike<number> {
    return this.#servedTimes;
  }

  get stranger(): Visitor {
    return this.#stranger;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const visitor = this.server.visitorAt(request.socket.remotePort) ?? this.#stranger;
    const answer = visitor.visit(this.#clock.monotonicMs());
    const page = pageNumber(request.url ?? '');
    this.#clock.setTimer(() => this.#respond(response, answer, page), visitor.latencyMs);
  }

  #respond(response: ServerResponse, answer: Answer, page: number): void {
    if (answer.kind !== 'page') {
      refuse(response, answer);
      return;
    }
    if (page < 1 || page > this.#graph.pagesCount) {
      sendHtml(response, 404, '<!doctype html><title>Not found</title>');
      return;
    }
    sendHtml(response, 200, this.#graph.html(page));
    response.once('finish', () => {
      this.#servedTimes[page] = (this.#servedTimes[page] ?? 0) + 1;
    });
  }
}

function refuse(response: ServerResponse, answer: Exclude<Answer, { kind: 'page' }>): void {
  switch (answer.kind) {
    case 'banned':
      sendHtml(response, 403, '<!doctype html><title>Forbidden</title>');
      return;
    case 'throttled':
      response.setHeader('retry-after', String(answer.retryAfterSecs));
      sendHtml(response, 429, '<!doctype html><title>Too many requests</title>');
      return;
    case 'denied':
      sendHtml(response, 200, DENIED_PAGE);
      return;
    case 'failed':
      sendHtml(response, answer.status, '<!doctype html><title>Upstream trouble</title>');
  }
}

function pageNumber(path: string): number {
  const match = /^\/page\/(\d{1,6})$/.exec(path);
  return match ? Number(match[1]) : 0;
}
