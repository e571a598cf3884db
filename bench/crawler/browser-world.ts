import { fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'proxy-chain';

const ROLE = 'TROUPE_BENCH_PROXIES';
const PAGE_BYTES = 10_000;

export interface BrowserWorld {
  /** A page's address is this and its number. */
  readonly pageUrl: string;
  /** With credentials. */
  readonly proxyUrls: readonly string[];
}

/** A site of pages of 10 kB with a script and a style sheet, behind proxies that ask for credentials; in a process of its own. */
export async function startWorld(proxies: number): Promise<BrowserWorld & { stop(): void }> {
  const child = fork(process.argv[1] ?? '', [], {
    env: { ...process.env, [ROLE]: String(proxies) },
  });
  const world = await new Promise<BrowserWorld>((resolve) =>
    child.once('message', (message) => resolve(message as BrowserWorld)),
  );
  return { ...world, stop: () => child.disconnect() };
}

/** In the world's process: serves until the parent is gone, and never returns. Elsewhere does nothing. */
export async function serveIfWorld(): Promise<void> {
  const count = Number(process.env[ROLE] ?? 0);
  if (count === 0) return;
  const site = createServer((request, response) => {
    const { type, body } = answerTo(request.url ?? '/');
    response.writeHead(200, { 'content-type': type, 'set-cookie': 'visited=1; Path=/' });
    response.end(body);
  });
  site.listen(0, '127.0.0.1');
  const proxies = Array.from(
    { length: count },
    () =>
      new Server({
        port: 0,
        host: '127.0.0.1',
        prepareRequestFunction: ({ username, password }) => ({
          requestAuthentication: username !== 'user' || password !== 'pass',
        }),
      }),
  );
  for (const proxy of proxies) await proxy.listen();
  const world: BrowserWorld = {
    pageUrl: `http://127.0.0.1:${(site.address() as AddressInfo).port}/page/`,
    proxyUrls: proxies.map(({ port }) => `http://user:pass@127.0.0.1:${port}`),
  };
  process.send?.(world);
  await new Promise((resolve) => process.once('disconnect', resolve));
  process.exit(0);
}

function answerTo(path: string): { type: string; body: string } {
  if (path.endsWith('.css'))
    return { type: 'text/css', body: 'body { margin: 2em } p { color: #333 }' };
  if (path.endsWith('.js')) {
    return {
      type: 'text/javascript',
      body: `document.body.dataset.length = String(document.body.textContent.length);`,
    };
  }
  const text = '<p>Words that nobody reads, in a row.</p>'.repeat(Math.ceil(PAGE_BYTES / 42));
  return {
    type: 'text/html; charset=utf-8',
    body: `<!doctype html><html><head><title>${path}</title><link rel="icon" href="data:,">
      <link rel="stylesheet" href="/style.css"></head><body>${text}<script src="/script.js"></script></body></html>`,
  };
}
