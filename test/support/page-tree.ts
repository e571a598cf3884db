import type { ServerResponse } from 'node:http';
import { type LocalSite, openSite } from './local-site.ts';

/** A site whose pages `/page/1` to `/page/N` link to each other, for crawls of the whole. */
export interface PageTree extends LocalSite {
  readonly startUrl: string;
  /** Paths in the order they were asked for. */
  readonly asked: readonly string[];
  /** Page numbers that were asked for, each once, ascending. */
  askedPages(): number[];
}

export interface PageTreeOptions {
  readonly pages: number;
  /** Links of each page, itself left out. @default 3 */
  readonly branches?: number;
  /** Answers instead of the page where it returns true. */
  readonly answer?: (path: string, response: ServerResponse) => boolean;
  /** Holds an answer back until the promise resolves. */
  readonly gate?: (path: string) => Promise<void> | undefined;
}

export async function openPageTree(options: PageTreeOptions): Promise<PageTree> {
  const { pages, branches = 3, answer, gate } = options;
  const asked: string[] = [];
  const site = await openSite((request, response) => {
    const path = request.url ?? '';
    asked.push(path);
    const opening = gate?.(path);
    if (opening) void opening.then(() => respond(path, response));
    else respond(path, response);
  });
  const respond = (path: string, response: ServerResponse): void => {
    if (answer?.(path, response)) return;
    const page = Number(/^\/page\/(\d+)$/.exec(path)?.[1] ?? 0);
    if (page < 1 || page > pages) {
      response.writeHead(404).end();
      return;
    }
    response.setHeader('content-type', 'text/html');
    response.end(html(page, pages, branches));
  };
  return Object.assign(site, {
    startUrl: `${site.url}/page/1`,
    asked,
    askedPages: () => pageNumbers(asked),
  });
}

/** Numbers of the pages among paths or URLs, each once, ascending. */
export function pageNumbers(urls: readonly string[]): number[] {
  const numbers = urls.flatMap((url) => /\/page\/(\d+)$/.exec(url)?.[1] ?? []).map(Number);
  return [...new Set(numbers)].sort((a, b) => a - b);
}

function html(page: number, pages: number, branches: number): string {
  const children = Array.from({ length: branches }, (_, n) => (page - 1) * branches + n + 2);
  const links = children
    .filter((child) => child <= pages)
    .map((child) => `<a class="next" href="/page/${child}" rel="r${child}">to ${child}</a>`);
  return `<!doctype html><title>Page ${page}</title><h1>Head, "${page}"</h1>${links.join('\n')}`;
}
