import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../core/clock.ts';
import type { Answer, SimulatedWorld } from '../simulation/simulated-world.ts';
import { IntroducingServer } from './introducing-server.ts';
import { DENIED_PAGE, sendHtml } from './site-answer.ts';

const SESSION_COOKIE = 'lab_session';
const PAGE_BYTES = 3_000;

/** The site of a simulated world on a real socket: the same judge, the same dice, answers after the same time. */
export class SocketSite {
  /** Visitors are numbers of proxies. */
  readonly server: IntroducingServer<number>;
  readonly #world: SimulatedWorld;
  readonly #clock: Clock;
  readonly #startedAtMs: number;
  #sessionsCount = 0;
  #hitsCount = 0;
  readonly #servedPages = new Set<number>();

  constructor(world: SimulatedWorld, clock: Clock) {
    this.#world = world;
    this.#clock = clock;
    this.#startedAtMs = clock.monotonicMs();
    this.server = new IntroducingServer((request, response) => this.#answer(request, response));
  }

  /** Requests that came through a proxy. */
  get hitsCount(): number {
    return this.#hitsCount;
  }

  /** Different pages served whole. */
  get servedPagesCount(): number {
    return this.#servedPages.size;
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    request.resume();
    const page = pageNumber(request.url ?? '');
    const proxy = this.server.visitorAt(request.socket.remotePort);
    if (proxy === undefined || page === null) {
      sendHtml(
        response,
        proxy === undefined ? 400 : 404,
        '<!doctype html><title>Not found</title>',
      );
      return;
    }
    this.#hitsCount++;
    const sessionId = this.#sessionOf(request, response);
    const nowMs = this.#clock.monotonicMs() - this.#startedAtMs;
    const answer = this.#world.send(proxy, { sessionId, page }, nowMs);
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
        sendHtml(response, 200, pageHtml(page));
        response.once('finish', () => this.#servedPages.add(page));
        return;
      case 'denied':
        sendHtml(response, 200, DENIED_PAGE);
        return;
      case 'proxy-failed':
        // Where the proxy of the simulated world fails by itself, it says so.
        sendHtml(response, 407, '<!doctype html><title>Proxy authentication required</title>');
        return;
      default:
        sendHtml(response, answer.status ?? 500, '<!doctype html><title>Refused</title>');
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
