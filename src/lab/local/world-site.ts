import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import { SeededRandom } from '../../core/random.ts';
import type { PageGraph } from './page-graph.ts';
import { type Answer, Visitor } from './visitor.ts';

const DENIED_PAGE =
  '<!doctype html><title>Access denied</title><h1>Access denied</h1><p>Your address has been noticed.</p>';

/**
 * The website of the local world. It judges a request by where its connection comes from, as a real site
 * judges the source address. Loopback has a single address on some systems, so the source port stands for it:
 * each proxy introduces the connections it opens.
 */
export class WorldSite {
  readonly #graph: PageGraph;
  readonly #clock: Clock;
  readonly #server: Server;
  readonly #introduced = new Map<number, { readonly visitor: Visitor }>();
  /** One who comes without a proxy gets every page. */
  readonly #stranger = new Visitor({ kind: 'healthy' }, new SeededRandom(0), 0);
  readonly #servedTimes: Uint32Array;

  constructor(options: { graph: PageGraph; clock: Clock }) {
    this.#graph = options.graph;
    this.#clock = options.clock;
    this.#servedTimes = new Uint32Array(options.graph.pagesCount + 1);
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.maxConnections = 4_096;
    this.#server.keepAliveTimeout = 60_000;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, '127.0.0.1', resolve);
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** How often each page was served whole, by page number; index 0 is unused. */
  get servedTimes(): ArrayLike<number> {
    return this.#servedTimes;
  }

  get stranger(): Visitor {
    return this.#stranger;
  }

  /** Says whose connection comes from `sourcePort`, until the returned function is called. */
  introduce(sourcePort: number, visitor: Visitor): () => void {
    const introduction = { visitor };
    this.#introduced.set(sourcePort, introduction);
    return () => {
      // The system may have given the port to another connection meanwhile.
      if (this.#introduced.get(sourcePort) === introduction) this.#introduced.delete(sourcePort);
    };
  }

  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeAllConnections();
    await closed;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const introduction = this.#introduced.get(request.socket.remotePort ?? 0);
    const visitor = introduction?.visitor ?? this.#stranger;
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
      send(response, 404, '<!doctype html><title>Not found</title>');
      return;
    }
    send(response, 200, this.#graph.html(page));
    response.once('finish', () => {
      this.#servedTimes[page] = (this.#servedTimes[page] ?? 0) + 1;
    });
  }
}

function refuse(response: ServerResponse, answer: Exclude<Answer, { kind: 'page' }>): void {
  switch (answer.kind) {
    case 'banned':
      send(response, 403, '<!doctype html><title>Forbidden</title>');
      return;
    case 'throttled':
      response.setHeader('retry-after', String(answer.retryAfterSecs));
      send(response, 429, '<!doctype html><title>Too many requests</title>');
      return;
    case 'denied':
      send(response, 200, DENIED_PAGE);
      return;
    case 'failed':
      send(response, answer.status, '<!doctype html><title>Upstream trouble</title>');
  }
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
  });
  response.end(html);
}

function pageNumber(path: string): number {
  const match = /^\/page\/(\d{1,6})$/.exec(path);
  return match ? Number(match[1]) : 0;
}
