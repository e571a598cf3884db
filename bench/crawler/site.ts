import { type ChildProcess, fork } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const ROLE = 'TROUPE_BENCH_SITE_PAGES';
const LINKS_PER_PAGE = 20;
const PAGE_BYTES = 3_000;

/**
 * A site of linked pages of 3 kB with 20 links each, served by a process of its own: this script, started
 * once more. Every page can be reached from the first.
 */
export async function startSite(pages: number): Promise<{ url: string; process: ChildProcess }> {
  const child = fork(process.argv[1] ?? '', [], { env: { ...process.env, [ROLE]: String(pages) } });
  const url = await new Promise<string>((resolve) =>
    child.once('message', (message) => resolve(String(message))),
  );
  return { url, process: child };
}

/** In the site's process: serves until the parent is gone, and never returns. Elsewhere does nothing. */
export async function serveIfSite(): Promise<void> {
  const pages = Number(process.env[ROLE] ?? 0);
  if (pages === 0) return;
  const bodies = Array.from({ length: pages }, (_, number) => pageOf(number, pages));
  const server = createServer((request, response) => {
    const body = bodies[Number(request.url?.slice('/page/'.length))];
    response.writeHead(body ? 200 : 404, { 'content-type': 'text/html; charset=utf-8' });
    response.end(body);
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1', () => {
    process.send?.(`http://127.0.0.1:${(server.address() as AddressInfo).port}/page/0`);
  });
  await new Promise((resolve) => process.once('disconnect', resolve));
  process.exit(0);
}

/** The number of a page tells which 20 it links to. */
export function pageOf(number: number, pages: number): Buffer {
  const links = Array.from({ length: LINKS_PER_PAGE }, (_, index) => {
    const target = (number * LINKS_PER_PAGE + index + 1) % pages;
    return `<li><a href="/page/${target}">Page ${target}</a></li>`;
  });
  const head = `<!doctype html><html><head><title>Page ${number}</title></head><body><ul>${links.join('')}</ul>`;
  const tail = '</body></html>';
  const paragraph = `<p class="text">Words of page ${number} that nobody reads, in a row.</p>`;
  let filling = '';
  while (head.length + filling.length + tail.length < PAGE_BYTES) filling += paragraph;
  return Buffer.from(head + filling + tail);
}
