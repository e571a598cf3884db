import type { CrawlStatistics } from '../crawler/statistics.ts';
import type { Colors } from './colors.ts';
import { retiredText } from './progress.ts';

export interface CrawlEnd {
  readonly statistics: CrawlStatistics;
  /** In this run; without those skipped for not being pages. */
  readonly failedCount: number;
  /** Links that led to no page: images, archives and the like. */
  readonly notPagesCount: number;
  /** Over all runs of the crawl. */
  readonly itemsCount: number;
  /** Where the items were written; `null` for standard output. */
  readonly output: string | null;
}

/** What a crawl came to, in a few lines. */
export function crawlSummary(end: CrawlEnd, colors: Colors): string {
  const { statistics, failedCount, notPagesCount } = end;
  const secs = statistics.crawlerRuntimeMillis / 1000;
  const perSec = secs > 0 ? statistics.requestsFinished / secs : 0;
  const attempts = Object.values(statistics.outcomes).reduce((sum, count) => sum + count, 0);
  const retired = retiredText(statistics.sessionsRetiredByReason);
  const counts = [
    `${statistics.requestsFinished} pages in ${secs.toFixed(1)} s (${perSec.toFixed(1)} pages/s)`,
    `${attempts} attempts`,
    failedCount > 0 ? colors.red(`${failedCount} failed`) : '0 failed',
    ...(notPagesCount > 0 ? [`${notPagesCount} left out: not pages`] : []),
    ...(statistics.requestsSkipped > 0
      ? [`${statistics.requestsSkipped} left out by robots.txt`]
      : []),
  ];
  return [
    counts.join(', '),
    `${statistics.sessionsCreated} sessions made, ${statistics.sessionsRetired} retired${retired === '' ? '' : `: ${retired}`}`,
    ...(end.output === null ? [] : [`${end.itemsCount} items in ${end.output}`]),
  ].join('\n');
}
