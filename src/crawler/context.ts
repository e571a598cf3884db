import type { Log } from '../core/log.ts';
import type { ProxyInfo } from '../proxy/proxy-info.ts';
import type { Request } from '../queue/request.ts';
import type { AddedRequestInfo } from '../queue/request-adder.ts';
import type { RequestSources } from '../queue/request-source.ts';
import type { Session } from '../session/session.ts';
import type { SendRequestOptions, SentResponse } from '../session/session-request.ts';
import type { DatasetItem } from '../storage/dataset.ts';
import type { KeyValueStore } from '../storage/key-value-store.ts';
import type { EnqueueLinksOptions, EnqueueLinksResult } from './enqueue-links.ts';
import type { CrawlStatistics } from './statistics.ts';

/** What a handler may ask of the crawler it runs in. */
export interface CrawlerControls {
  /** Counts so far. */
  readonly stats: CrawlStatistics;
  addRequests(
    requests: RequestSources,
    options?: { forefront?: boolean },
  ): Promise<AddedRequestInfo[]>;
  /** Lets what is in flight finish, then ends the crawl; what is left stays in the queue. */
  stop(): void;
}

/** What a handler is given to work on one request. The functions need no `this`: take them apart as you like. */
export interface BasicContext {
  readonly request: Request;
  /** `undefined` with `useSessionPool: false`. A verdict given on it by hand wins over the automatic one. */
  readonly session: Session | undefined;
  /** `null` for a direct connection. */
  readonly proxyInfo: ProxyInfo | null;
  readonly log: Log;
  readonly crawler: CrawlerControls;
  /** Aborted when the handler has run out of time, or the crawl is torn down. */
  readonly signal: AbortSignal;
  /** Adds requests one link deeper than this one; those beyond `maxCrawlDepth` are left out. Durable when it resolves. */
  addRequests(
    requests: RequestSources,
    options?: { forefront?: boolean },
  ): Promise<AddedRequestInfo[]>;
  /** Follows links: those of `urls`, or where the page is parsed, those found on it. Durable when it resolves. */
  enqueueLinks(options?: EnqueueLinksOptions): Promise<EnqueueLinksResult>;
  /**
   * Adds rows to the crawl's dataset, or to another by name. Durable when it resolves. When the handler runs
   * again for the same request, its first push replaces its earlier first one, its second the second, and so on.
   *
   * @throws TroupeError `TROUPE_NOT_JSON`
   */
  pushData(items: DatasetItem | readonly DatasetItem[], datasetName?: string): Promise<void>;
  /** @default the store named `default` */
  getKeyValueStore(name?: string): Promise<KeyValueStore>;
  /**
   * Sends one more request as the same session: its proxy, cookies and headers. Its status decides nothing
   * about the session.
   *
   * @throws HttpError
   */
  sendRequest(options?: SendRequestOptions): Promise<SentResponse>;
}
