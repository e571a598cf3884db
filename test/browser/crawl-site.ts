import type { IncomingMessage } from 'node:http';
import { type LocalSite, openSite, type SiteHandler } from '../support/local-site.ts';

export interface CrawlSite extends LocalSite {
  /** Path and `Cookie` header of each page that was asked for. */
  readonly seen: readonly { readonly path: string; readonly cookie: string }[];
}

/** A site with a page for each thing that can come back to a browser. Any path answers; `/hang` never does. */
export async function openCrawlSite(): Promise<CrawlSite> {
  const seen: { path: string; cookie: string }[] = [];
  const handler: SiteHandler = (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://site');
    if (pathname === '/favicon.ico') {
      response.writeHead(204).end();
      return;
    }
    seen.push({ path: request.url ?? '', cookie: request.headers.cookie ?? '' });
    if (pathname === '/hang') return;
    response.setHeader('content-type', 'text/html; charset=utf-8');
    const cookies = searchParams.getAll('set');
    if (cookies.length > 0) response.setHeader('set-cookie', cookies);
    const retryAfter = searchParams.get('retry-after');
    if (retryAfter !== null) response.setHeader('retry-after', retryAfter);
    response.statusCode = Number(searchParams.get('status') ?? 200);
    response.end(pageOf(pathname, request));
  };
  return Object.defineProperty((await openSite(handler)) as CrawlSite, 'seen', { value: seen });
}

function pageOf(path: string, request: IncomingMessage): string {
  const told = JSON.stringify({
    cookie: request.headers.cookie ?? '',
    userAgent: request.headers['user-agent'],
    language: request.headers['accept-language'],
    extra: request.headers['x-extra'],
  });
  const parts: Record<string, string> = {
    '/links': `<a href="/plain">plain</a><script>
      const link = document.createElement('a');
      link.href = '/scripted';
      document.body.append(link);
    </script>`,
    '/captcha': '<h1 id="captcha">Are you a robot?</h1>',
    '/picture': '<img src="/image.png"><script src="/script.js"></script>',
    '/login': `<script>document.cookie = 'login=yes; path=/; max-age=1000';</script>`,
  };
  return `<!doctype html><title>Page ${path}</title><body>${parts[path] ?? ''}
    <script type="application/json" id="told">${told}</script></body>`;
}
