import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Clock } from '../../core/clock.ts';
import type { Answer, SimulatedWorld } from '../simulation/simulated-world.ts';
import type { ProxiedSite } from './world-proxy.ts';

const BLOCK_PAGE =
  '<!doctype html><title>Access denied</title><h1>Access denied</h1><p>Your address has been noticed.</p>';
const SESSION_COOKIE = 'lab_session';
const PAGE_BYTES = 3_000;

/** The site of a simulated world on a real socket: the same judge, the same dice, answers after the same time. */
export class SocketSite implements ProxiedSite<number> {
  readonly #world: SimulatedWorld;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  readonly #server: Server;
  readonly #introduced = new Map<number, { readonly proxy: number }>();
  #sessionsCount = 0;
  #hitsCount = 0;
  readonly #servedPages = new Set<number>();

  constructor(world: SimulatedWorld, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
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

  /** Requests that came through a proxy. */
  get hitsCount(): number {
    return this.#hitsCount;
  }

  /** Different pages served whole. */
  get servedPagesCount(): number {
    return this.#servedPages.size;
  }

  introduce(sourcePort: number, proxy: number): () => void {
    const introduction = { proxy };
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
    const page = pageNumber(request.url ?? '');
    const introduction = this.#introduced.get(request.socket.remotePort ?? 0);
    if (!introduction || page === null) {
      send(response, introduction ? 404 : 400, '<!doctype html><title>Not found</title>');
      return;
    }
    this.#hitsCount++;
    const sessionId = this.#sessionOf(request, response);
    const nowMs = this.#clock.monotonicMs() - this.#startedAtMs;
    const answer = this.#world.send(introduction.proxy, { sessionId, page }, nowMs);
    if (answer.kind === 'silence') return;
    this.#clock.setTimer(() => this.#respond(response, answer, page), answer.afterMs, {
      isBackground: true,
    });
  }

  #respond(response: ServerResponse, answer: Answer, page: number): void {
    const { retryAfterSecs } = answer;
    if (retryAfterSecs !== undefined) {
      response.setHeader('retry-after', String(Math.ceil(retryAfterSecs)));
    }
    switch (answer.kind) {
      case 'page':
        send(response, 200, pageHtml(page));
        response.once('finish', () => this.#servedPages.add(page));
        return;
      case 'denied':
        send(response, 200, BLOCK_PAGE);
        return;
      case 'proxy-failed':
        // Where the proxy of the simulated world fails by itself, it says so.
        send(response, 407, '<!doctype html><title>Proxy authentication required</title>');
        return;
      default:
        send(response, answer.status ?? 500, '<!doctype html><title>Refused</title>');
    }
  }

  /** The site knows a session by its cookie, as real ones do. */
  #sessionOf(request: IncomingMessage, response: ServerResponse): string {
    const known = new RegExp(`${SESSION_COOKIE}=(\\w+)`).exec(request.headers.cookie ?? '')?.[1];
    if (known !== undefined) return known;
    const id = String(++this.#sessionsCount);
    response.setHeader('set-cookie', `${SESSION_COOKIE}=${id}; Path=/`);
    return id;
  }
}

function pageNumber(path: string): number | null {
  const match = /^\/page\/(\d{1,8})$/.exec(path);
  return match ? Number(match[1]) : null;
}

function pageHtml(page: number): string {
  const head = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Page ${page}</title></head><body><h1>Page ${page}</h1><p>`;
  return `${head}${'word '.repeat(Math.ceil((PAGE_BYTES - head.length) / 5))}</p></body></html>`;
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, {
    'content-type': 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(html),
  });
  response.end(html);
}
