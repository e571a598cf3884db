import { messageOf } from '../core/errors.ts';
import { redactText } from '../core/redact.ts';
import { CheerioCrawler, type CheerioCrawlerOptions } from '../crawler/cheerio-crawler.ts';
import type { RequestQueue } from '../queue/request-queue.ts';
import type { SessionPool } from '../session/session-pool.ts';
import type { Dataset } from '../storage/dataset.ts';
import { exportDataset } from '../storage/dataset-export.ts';
import { colorsFor } from './colors.ts';
import { itemOf } from './crawl-items.ts';
import type { CrawlOptions } from './crawl-options.ts';
import { CrawlProgress } from './crawl-progress.ts';
import type { CrawlState } from './crawl-state.ts';
import { crawlSummary } from './crawl-summary.ts';
import { displayLog } from './display-log.ts';
import { EXIT, type ExitCode } from './exit-code.ts';
import { FailedPages } from './failed-pages.ts';
import { Interruption } from './interruption.ts';
import { ItemStream } from './item-stream.ts';
import type { ProgressDisplay } from './progress-display.ts';
import { resumeCommand } from './resume-command.ts';

/** What a run works with; opened and closed by its caller. */
export interface CrawlRunParts {
  readonly options: CrawlOptions;
  readonly display: ProgressDisplay;
  readonly state: CrawlState;
  readonly dataset: Dataset;
  readonly queue: RequestQueue;
  readonly pool: SessionPool;
}

/** One run of the `crawl` command, from the first request to the exit code. */
export class CrawlRun {
  readonly #parts: CrawlRunParts;
  readonly #progress: CrawlProgress;
  readonly #failed: FailedPages;
  readonly #items: ItemStream | undefined;
  readonly #crawler: CheerioCrawler;

  private constructor(parts: CrawlRunParts, progress: CrawlProgress) {
    const { options, display } = parts;
    this.#parts = parts;
    this.#progress = progress;
    this.#failed = new FailedPages((line) => display.print(line));
    this.#items =
      options.output === undefined
        ? new ItemStream(process.stdout, () => void this.#crawler.teardown())
        : undefined;
    this.#crawler = new CheerioCrawler(this.#crawlerOptions());
  }

  static async prepare(parts: CrawlRunParts): Promise<CrawlRun> {
    const { queue, pool, options } = parts;
    const maxRequests = options.maxRequests ?? Number.POSITIVE_INFINITY;
    return new CrawlRun(parts, await CrawlProgress.of({ queue, pool, maxRequests }));
  }

  async crawl(urls: readonly string[]): Promise<ExitCode> {
    const { options, display, dataset } = this.#parts;
    using interruption = new Interruption({
      onFirst: () => {
        display.print('Finishing what is in flight; Ctrl-C again ends at once.');
        this.#crawler.stop();
      },
      onSecond: () => {
        display.stop();
        display.print(this.#resumeHint());
      },
    });
    display.start(() => this.#progress.read(this.#crawler.stats));
    try {
      if (this.#progress.requestsLeft > 0) await this.#crawler.run(urls);
      if (options.output !== undefined) await exportDataset(dataset, options.output);
    } catch (error) {
      return await this.#fail(error);
    } finally {
      display.stop();
    }
    return await this.#end(interruption.exitCode);
  }

  #crawlerOptions(): CheerioCrawlerOptions {
    const { options, display, state, dataset, queue, pool } = this.#parts;
    return {
      storage: state.storage,
      dataset,
      requestQueue: queue,
      sessionPool: pool,
      ...limitsOf(options, this.#progress.requestsLeft),
      // Failed pages are told of in fewer words than the crawler has.
      log: displayLog(display, 'error'),
      statusIntervalSecs: 0,
      requestHandler: async (page) => {
        const item = itemOf(page, options.select);
        await page.pushData(item);
        await page.enqueueLinks(options.glob ? { globs: options.glob } : {});
        const items = this.#items;
        if (items) await display.interject(() => items.write(item));
      },
      failedRequestHandler: ({ request }, error) => this.#failed.add(request.url, error),
    };
  }

  /** The crawl came to grief, or its items could not be written; it may go on once the cause is gone. */
  async #fail(error: unknown): Promise<ExitCode> {
    const { display, state } = this.#parts;
    display.stop();
    display.print(`error: ${redactText(messageOf(error))}\n${this.#resumeHint()}`);
    await state.record({ failedCount: this.#failed.failedCount, isFinished: false });
    return EXIT.failed;
  }

  async #end(interruptedCode: ExitCode | null): Promise<ExitCode> {
    const { options, display, state, dataset, queue } = this.#parts;
    if (this.#items?.isClosed) {
      state.abandon();
      return EXIT.done;
    }
    const statistics = this.#crawler.stats;
    const { failedCount, notPagesCount } = this.#failed;
    const isFinished =
      this.#progress.requestsLeft <= statistics.requestsTotal || (await queue.isFinished());
    await state.record({ failedCount, isFinished });
    const itemsCount = await dataset.itemCount();
    const output = options.output ?? null;
    const end = { statistics, failedCount, notPagesCount, itemsCount, output };
    display.print(crawlSummary(end, colorsFor(process.stderr)));
    if (!isFinished) display.print(this.#resumeHint());
    if (options.json) {
      const resume = isFinished ? null : this.#resumeCommand();
      process.stdout.write(
        `${JSON.stringify({ isFinished, itemsCount, output, ...statistics, resume }, null, 2)}\n`,
      );
    }
    if (!isFinished) return interruptedCode ?? EXIT.failed;
    return state.failedCount > 0 ? EXIT.failed : EXIT.done;
  }

  #resumeHint(): string {
    return `To go on from here:\n  ${this.#resumeCommand()}`;
  }

  #resumeCommand(): string {
    // The place may be a server's URL with a password in it.
    return redactText(resumeCommand(process, this.#parts.state.placeName));
  }
}

function limitsOf(options: CrawlOptions, requestsLeft: number): CheerioCrawlerOptions {
  const { maxDepth, concurrency, rpm, delay, robots, blockTitle } = options;
  return {
    ...(Number.isFinite(requestsLeft) && { maxRequestsPerCrawl: Math.max(1, requestsLeft) }),
    ...(maxDepth !== undefined && { maxCrawlDepth: maxDepth }),
    ...(concurrency !== undefined && { maxConcurrency: concurrency }),
    ...(rpm !== undefined && { maxRequestsPerMinute: rpm }),
    ...(delay !== undefined && { sameDomainDelaySecs: delay }),
    ...(robots && { respectRobotsTxtFile: true }),
    ...(blockTitle && { checkResponse: { title: blockTitle } }),
  };
}
