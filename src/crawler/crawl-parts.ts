import type { HttpClient } from '../http/http-client.ts';
import type { RequestQueue } from '../queue/request-queue.ts';
import type { SessionPool } from '../session/session-pool.ts';
import type { Dataset } from '../storage/dataset.ts';
import type { Storage } from '../storage/storage.ts';
import type { BasicContext, CrawlerControls } from './context.ts';
import type { ResolvedCrawlerOptions } from './crawler-options.ts';
import type { OriginPacer } from './origin-pacer.ts';
import type { PageKind } from './page-kind.ts';
import type { RequestHistory } from './request-history.ts';
import type { Robots } from './robots.ts';
import type { Handler } from './router.ts';
import type { SessionSender } from './session-sender.ts';
import type { Statistics } from './statistics.ts';

/** What a crawl works with; opened before it, closed after it. */
export interface CrawlResources {
  readonly storage: Storage;
  readonly queue: RequestQueue;
  readonly dataset: Dataset;
  readonly pool: SessionPool | undefined;
  readonly client: HttpClient;
}

/** What the parts of one run share. */
export interface CrawlParts<Context extends BasicContext> extends CrawlResources {
  readonly options: ResolvedCrawlerOptions<Context>;
  readonly kind: PageKind<Context>;
  readonly handler: Handler<Context>;
  readonly controls: CrawlerControls;
  readonly statistics: Statistics;
  readonly pacer: OriginPacer;
  readonly history: RequestHistory;
  readonly sender: SessionSender;
  readonly robots: Robots | undefined;
  /**
   * What direct requests to a site share in the pacer. It is the site itself where all requests are direct;
   * where some have proxies, a throttled direct one must not hold up the others.
   */
  readonly directLane: (site: string) => string;
}
