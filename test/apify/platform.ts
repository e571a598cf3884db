import type { Server as NetServer } from 'node:net';
import { Server } from 'proxy-chain';
import { type LocalServer, listenLocally } from '../support/local-server.ts';
import { type LocalSite, openSite, type SiteHandler } from '../support/local-site.ts';

export interface Visit {
  readonly path: string;
  readonly cookie: string;
}

export interface Passage {
  readonly username: string;
  readonly path: string;
}

/** What the platform would have had: a site to crawl, and Apify Proxy in front of it. */
export interface Platform extends AsyncDisposable {
  readonly site: LocalSite;
  /** What the site was asked for. */
  readonly visits: Visit[];
  /** What went through the proxy, and under which username. */
  readonly passages: Passage[];
  /** The variables the platform sets. */
  readonly env: Readonly<Record<string, string>>;
}

const PASSWORD = 's3cret';
const TITLES: Readonly<Record<string, string>> = {
  blocked: 'Blocked',
  unsure: 'Not sure if blocked, might also be a connection error',
};

export async function openPlatform(): Promise<Platform> {
  const visits: Visit[] = [];
  const passages: Passage[] = [];
  const answer: SiteHandler = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
    const [, kind = '', key = ''] = pathname.split('/');
    if (searchParams.get('format') === 'json') {
      response.setHeader('content-type', 'application/json').end('{"connected":true}');
      return;
    }
    if (kind === 'favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    const isFirst = !visits.some((visit) => visit.path === pathname);
    visits.push({ path: pathname, cookie: request.headers.cookie ?? '' });
    if (kind === 'json') {
      response.setHeader('content-type', 'application/json').end('{"blocked":true}');
      return;
    }
    response.statusCode = kind === 'forbidden' && isFirst ? 403 : 200;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.setHeader('set-cookie', `last=${key}; Path=/`);
    response.end(`<!doctype html><title>${TITLES[kind] ?? `Page ${key}`}</title><h1>${key}</h1>`);
  };
  const site = await openSite(answer);
  const proxy = await openApifyProxy(passages);
  return {
    site,
    visits,
    passages,
    env: {
      APIFY_PROXY_HOSTNAME: '127.0.0.1',
      APIFY_PROXY_PORT: String(proxy.port),
      APIFY_PROXY_PASSWORD: PASSWORD,
      APIFY_PROXY_STATUS_URL: site.url,
    },
    async [Symbol.asyncDispose]() {
      await proxy.close();
      await site.close();
    },
  };
}

async function openApifyProxy(passages: Passage[]): Promise<LocalServer> {
  const chain = new Server({
    port: 0,
    host: '127.0.0.1',
    prepareRequestFunction: ({ username, password, request }) => {
      const { pathname, search } = new URL(request.url ?? '', 'http://site');
      if (search === '' && pathname !== '/favicon.ico' && password === PASSWORD) {
        passages.push({ username, path: pathname });
      }
      return { requestAuthentication: password !== PASSWORD };
    },
  });
  const server = await listenLocally(chain.server as NetServer);
  const close = async (): Promise<void> => {
    chain.closeConnections();
    await server.close();
  };
  return Object.defineProperty(Object.create(server) as LocalServer, 'close', { value: close });
}
