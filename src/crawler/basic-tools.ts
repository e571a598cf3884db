import { OptionError } from '../core/errors.ts';
import { Request } from '../queue/request.ts';
import type { AddedRequestInfo } from '../queue/request-adder.ts';
import type { RequestSource, RequestSources } from '../queue/request-source.ts';
import type { SendRequestOptions } from '../session/session-request.ts';
import type { DatasetItem } from '../storage/dataset.ts';
import type { Attempt } from './attempt.ts';
import type { BasicContext } from './context.ts';
import type { CrawlParts } from './crawl-parts.ts';
import {
  type EnqueueLinksOptions,
  type EnqueueLinksResult,
  type LinkRules,
  selectLinks,
} from './enqueue-links.ts';

const SEND_TIMEOUT_SECS = 30;

/** Makes the contexts of a crawl, and does what their functions promise. */
export class BasicTools<Context extends BasicContext> {
  readonly #parts: CrawlParts<Context>;
  readonly #linkRules: LinkRules;

  constructor(parts: CrawlParts<Context>) {
    this.#parts = parts;
    const { robots } = parts;
    this.#linkRules = {
      maxDepth: parts.options.maxCrawlDepth,
      isForbidden: robots && ((url) => robots.isKnownForbidden(url)),
      knownRequest: (uniqueKey) => parts.queue.knownRequest(uniqueKey),
    };
  }

  contextFor(attempt: Attempt): BasicContext {
    const { storage, controls, options } = this.#parts;
    return {
      request: attempt.request,
      session: attempt.session,
      proxyInfo: attempt.proxyInfo,
      log: options.log,
      crawler: controls,
      signal: attempt.signal,
      addRequests: (requests, add) => this.#addRequests(attempt, requests, add),
      enqueueLinks: (links = {}) =>
        links.urls
          ? this.enqueue(attempt, links.urls, links)
          : attempt.write(() => Promise.reject(needsUrls())),
      pushData: (items, datasetName) => this.#pushData(attempt, items, datasetName),
      getKeyValueStore: (name = 'default') => storage.openKeyValueStore(name),
      sendRequest: (request = {}) => this.#sendRequest(attempt, request),
    };
  }

  enqueue(
    attempt: Attempt,
    hrefs: Iterable<string>,
    options: EnqueueLinksOptions,
  ): Promise<EnqueueLinksResult> {
    return attempt.write(async () => {
      const { url, loadedUrl, crawlDepth } = attempt.request;
      const page = { url, loadedUrl, depth: crawlDepth + 1 };
      const selected = selectLinks(hrefs, page, this.#linkRules, options);
      const { requests, known, skippedCount } = selected;
      if (requests.length === 0) return { processedRequests: known, skippedCount };
      const forefront = options.forefront === true;
      const added = await this.#parts.queue.addRequests(requests, { forefront });
      return { processedRequests: [...known, ...added], skippedCount };
    });
  }

  #addRequests(
    attempt: Attempt,
    requests: RequestSources,
    options: { forefront?: boolean } = {},
  ): Promise<AddedRequestInfo[]> {
    return attempt.write(() => {
      const depth = attempt.request.crawlDepth + 1;
      const deeper = atDepth(requests, depth, this.#parts.options.maxCrawlDepth);
      return this.#parts.queue.addRequests(deeper, options);
    });
  }

  #pushData(
    attempt: Attempt,
    items: DatasetItem | readonly DatasetItem[],
    datasetName: string | undefined,
  ): Promise<void> {
    return attempt.write(async () => {
      const { dataset, storage } = this.#parts;
      const key = attempt.nextPushKey();
      const target = datasetName === undefined ? dataset : await storage.openDataset(datasetName);
      await target.pushData(items, { key });
    });
  }

  #sendRequest(
    attempt: Attempt,
    options: SendRequestOptions,
  ): ReturnType<BasicContext['sendRequest']> {
    const base = attempt.request.loadedUrl ?? attempt.request.url;
    return this.#parts.sender.fetch(attempt, base, options, {
      timeoutMs: SEND_TIMEOUT_SECS * 1000,
      signal: attempt.signal,
    });
  }
}

/** A page that is not parsed has no links to be found. */
function needsUrls(): OptionError {
  return new OptionError(
    'urls',
    'Expected `urls` in enqueueLinks(): this crawler does not parse pages, CheerioCrawler does',
  );
}

/** The sources that are not too deep, each with its depth. A ready-made `Request` keeps its own. */
async function* atDepth(
  sources: RequestSources,
  depth: number,
  maxDepth: number | undefined,
): AsyncGenerator<RequestSource> {
  for await (const source of sources) {
    const isRequest = source instanceof Request;
    const own = typeof source === 'string' ? undefined : source.crawlDepth;
    const actual = isRequest ? source.crawlDepth : (own ?? depth);
    if (maxDepth !== undefined && actual > maxDepth) continue;
    if (isRequest) yield source;
    else if (typeof source === 'string') yield { url: source, crawlDepth: depth };
    else yield { ...source, crawlDepth: actual };
  }
}
