import type { CheerioAPI, CheerioOptions } from 'cheerio';
import { TroupeError } from '../core/errors.ts';
import type { Attempt } from './attempt.ts';
import type { BasicContext } from './context.ts';
import type { EnqueueLinksOptions } from './enqueue-links.ts';
import type { HttpContext } from './http-context.ts';
import type { ResolvedHttpOptions } from './http-options.ts';
import { HttpPage, isHtml, isXml } from './http-page.ts';
import type { PageKind, PageTools } from './page-kind.ts';
import { linksOf } from './page-links.ts';

/** Parses HTML, or with `{ xml: true }` XML; cheerio's own, on htmlparser2. */
export type Load = (html: string | Buffer, options?: CheerioOptions) => CheerioAPI;

export interface CheerioContext extends HttpContext {
  /** The page, parsed at first use; XML pages in XML mode. `undefined` where there is nothing to parse, as with JSON. */
  readonly $: CheerioAPI;
}

let loading: Promise<Load> | undefined;

/** @throws TroupeError `TROUPE_PEER_MISSING` when cheerio is not installed */
export function loadCheerio(): Promise<Load> {
  loading ??= import('cheerio/slim').then(
    (module) => module.load as Load,
    (cause) => {
      loading = undefined;
      if ((cause as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
      throw new TroupeError(
        'TROUPE_PEER_MISSING',
        'CheerioCrawler needs the package cheerio; install it with: npm install cheerio',
        { cause },
      );
    },
  );
  return loading;
}

/** Pages fetched over HTTP and parsed with cheerio. */
export class CheerioPage implements PageKind<CheerioContext> {
  readonly #page: HttpPage<CheerioContext>;
  #load: Load | undefined;

  constructor(options: ResolvedHttpOptions<CheerioContext>) {
    this.#page = new HttpPage(options, (context, attempt, tools) =>
      this.#extend(context, attempt, tools),
    );
  }

  async prepare(): Promise<void> {
    this.#load = await loadCheerio();
  }

  open(attempt: Attempt, basic: BasicContext, tools: PageTools): Promise<CheerioContext> {
    return this.#page.open(attempt, basic, tools);
  }

  #extend(context: HttpContext, attempt: Attempt, tools: PageTools): CheerioContext {
    const { type } = context.contentType;
    const load = this.#load as Load;
    let $: CheerioAPI | undefined;
    const parsed = (): CheerioAPI | undefined => {
      if ($) return $;
      if (isXml(type) && type !== 'application/xhtml+xml') {
        $ = load(context.body as string, { xml: true });
      } else if (isHtml(type)) {
        $ = load(context.body as string);
      }
      return $;
    };
    Object.defineProperty(context, '$', { enumerable: true, get: parsed });
    const enqueueLinks = (options: EnqueueLinksOptions = {}): ReturnType<PageTools['enqueue']> => {
      if (options.urls) return tools.enqueue(attempt, options.urls, options);
      const page = parsed();
      if (!page) return tools.enqueue(attempt, [], options);
      const links = linksOf(page, attempt.request, options.selector);
      const baseUrl = options.baseUrl ?? links.baseUrl;
      return tools.enqueue(
        attempt,
        links.hrefs,
        baseUrl === undefined ? options : { ...options, baseUrl },
      );
    };
    return Object.assign(context, { enqueueLinks }) as CheerioContext;
  }
}
