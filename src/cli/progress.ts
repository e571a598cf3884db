import type { RetiredReason } from '../session/outcome.ts';
import type { Colors } from './colors.ts';

/** Where a crawl stands. */
export interface Progress {
  readonly finishedCount: number;
  readonly failedCount: number;
  /** Requests known so far, or the most that will be made. */
  readonly totalCount: number;
  /** Alive and not at rest. */
  readonly usableSessionsCount: number;
  readonly coolingSessionsCount: number;
  readonly retired: Readonly<Partial<Record<RetiredReason, number>>>;
}

const BAR_WIDTH = 20;

/** One line for a terminal, at most `columns` wide. */
export function liveLine(
  progress: Progress,
  pagesPerSec: number,
  columns: number,
  colors: Colors,
): string {
  const text = progressText(progress, pagesPerSec);
  const roomBesideBar = columns - BAR_WIDTH - 1;
  if (roomBesideBar < 20) return cut(text, columns);
  return `${bar(progress, colors)} ${cut(text, roomBesideBar)}`;
}

/** The same in words, for logs and pipes. */
export function progressText(progress: Progress, pagesPerSec: number): string {
  const { finishedCount, failedCount, totalCount } = progress;
  const parts = [`${finishedCount}/${totalCount} pages`, `${pagesPerSec.toFixed(1)} pages/s`];
  if (failedCount > 0) parts.push(`${failedCount} failed`);
  parts.push(
    `sessions ${progress.usableSessionsCount} usable, ${progress.coolingSessionsCount} cooling`,
  );
  const retired = retiredText(progress.retired);
  if (retired !== '') parts.push(`retired ${retired}`);
  return parts.join(' · ');
}

/** `3 blocked, 1 proxy`, the most frequent first; empty when there is none. */
export function retiredText(retired: Progress['retired']): string {
  return Object.entries(retired)
    .filter(([, count]) => count > 0)
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${count} ${reason}`)
    .join(', ');
}

function bar({ finishedCount, failedCount, totalCount }: Progress, colors: Colors): string {
  const share = totalCount > 0 ? Math.min(1, (finishedCount + failedCount) / totalCount) : 0;
  const filled = Math.floor(share * BAR_WIDTH);
  return colors.green('█'.repeat(filled)) + colors.dim('░'.repeat(BAR_WIDTH - filled));
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;
}
